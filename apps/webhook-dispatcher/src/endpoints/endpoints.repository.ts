import type { DisabledReason, Mode, WebhookEndpoint, WebhookEventType } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { Destination } from '../deliveries/destinations.js';
import { audit, type By } from '../operator/audit.js';

/** A row of `endpoints`. */
export interface EndpointRow {
  id: string;
  account_id: string;
  mode: Mode;
  url: string;
  events: string[];
  paused: boolean;
  disabled_because: DisabledReason | null;
  disabled_at: Date | null;
  created_at: Date;
}

/** Whose something is: an account's, in one of its two worlds. */
export interface Owner {
  accountId: string;
  mode: Mode;
}

/** What may change of an endpoint; null leaves it as it is. */
export interface EndpointChange {
  url: string | null;
  events: WebhookEventType[] | null;
  paused: boolean | null;
  enable: boolean;
}

/** Locks deliveries before destinations, as whoever settles does; in order, so that two of these never deadlock. */
const BURY = `
  WITH waiting AS (
    SELECT id FROM deliveries WHERE status = 'PENDING' AND account_id = $1 AND target = $2 ORDER BY id FOR UPDATE
  )
  UPDATE deliveries SET status = 'DEAD' FROM waiting WHERE deliveries.id = waiting.id RETURNING deliveries.id`;

@Injectable()
export class EndpointsRepository {
  constructor(private readonly database: Database) {}

  /** Undefined when the account has as many of the mode as it may have. */
  add(
    { id, accountId, mode, url, events }: Added,
    secret: string,
    most: number,
    by: By,
  ): Promise<WebhookEndpoint | undefined> {
    return this.database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [accountId]);
      const [row] = await tx.query<EndpointRow>(
        `WITH added AS (
           INSERT INTO endpoints (id, account_id, mode, url, events)
           SELECT $1, $2, $7, $3, $4::text[]
           WHERE (SELECT count(*) FROM endpoints WHERE account_id = $2 AND mode = $7) < $6 RETURNING *
         ), signs AS (
           INSERT INTO secrets (owner_id, secret) SELECT id, $5 FROM added
         ), known AS (
           INSERT INTO destinations (account_id, target) SELECT account_id, id FROM added
         )
         SELECT * FROM added`,
        [id, accountId, url, events, secret, most, mode],
      );
      if (!row) return undefined;
      const after = toEndpoint(row);
      await audit(tx, by, { action: 'webhook.create', target: id, accountId, after });
      return after;
    });
  }

  /** The oldest first. */
  ofAccounts(accountIds: string[]): Promise<EndpointRow[]> {
    return this.database.query('SELECT * FROM endpoints WHERE account_id = ANY($1::text[]) ORDER BY id', [accountIds]);
  }

  async find(id: string): Promise<EndpointRow | undefined> {
    const [row] = await this.database.query<EndpointRow>('SELECT * FROM endpoints WHERE id = $1', [id]);
    return row;
  }

  /** What waits follows it to another URL. To enable it, or to give it another URL, forgets its failures. */
  change(
    { accountId, mode }: Owner,
    id: string,
    { url, events, paused, enable }: EndpointChange,
    by: By,
  ): Promise<WebhookEndpoint | undefined> {
    return this.database.transaction(async (tx) => {
      const [before] = await tx.query<EndpointRow>(
        'SELECT * FROM endpoints WHERE id = $1 AND account_id = $2 AND mode = $3 FOR UPDATE',
        [id, accountId, mode],
      );
      if (!before) return undefined;
      const [row] = await tx.query<EndpointRow>(
        `UPDATE endpoints SET url = coalesce($3, url), events = coalesce($4::text[], events), paused = coalesce($5, paused),
           disabled_because = CASE WHEN NOT $6 THEN disabled_because END,
           disabled_at = CASE WHEN NOT $6 THEN disabled_at END
         WHERE id = $1 AND account_id = $2 RETURNING *`,
        [id, accountId, url, events, paused, enable],
      );
      const after = toEndpoint(row!);
      if (url !== null) {
        await tx.query(
          `WITH waiting AS (
             SELECT id FROM deliveries WHERE status = 'PENDING' AND account_id = $1 AND target = $2 ORDER BY id FOR UPDATE
           )
           UPDATE deliveries SET url = $3 FROM waiting WHERE deliveries.id = waiting.id`,
          [accountId, id, url],
        );
      }
      await hold(tx, { accountId, target: id }, after.paused || after.disabledBecause !== null);
      if (enable || url !== null) await tx.query(FORGET_FAILURES, [[accountId], [id]]);
      await audit(tx, by, { action: 'webhook.update', target: id, accountId, before: toEndpoint(before), after });
      return after;
    });
  }

  /** What it was; undefined when there is none. */
  remove({ accountId, mode }: Owner, id: string, by: By): Promise<WebhookEndpoint | undefined> {
    return this.database.transaction(async (tx) => {
      const [row] = await tx.query<EndpointRow>(
        'DELETE FROM endpoints WHERE id = $1 AND account_id = $2 AND mode = $3 RETURNING *',
        [id, accountId, mode],
      );
      if (!row) return undefined;
      const before = toEndpoint(row);
      await tx.query('DELETE FROM secrets WHERE owner_id = $1', [id]);
      await tx.query(BURY, [accountId, id]);
      await hold(tx, { accountId, target: id }, true);
      await audit(tx, by, { action: 'webhook.delete', target: id, accountId, before });
      return before;
    });
  }

  /**
   * Ends all that waits for a destination and has its failures count anew; an endpoint is disabled. `disabled`: it was one, and is
   * disabled by this. `buried`: how many deliveries became dead letters.
   */
  giveUp({ accountId, target }: Destination, because: DisabledReason): Promise<{ disabled: boolean; buried: number }> {
    return this.database.transaction(async (tx) => {
      const disabled = await tx.query(
        `UPDATE endpoints SET disabled_because = $3, disabled_at = now()
         WHERE id = $1 AND account_id = $2 AND disabled_because IS NULL RETURNING id`,
        [target, accountId, because],
      );
      const buried = await tx.query(BURY, [accountId, target]);
      if (disabled.length > 0) await hold(tx, { accountId, target }, true);
      await tx.query(FORGET_FAILURES, [[accountId], [target]]);
      return { disabled: disabled.length > 0, buried: buried.length };
    });
  }
}

export const FORGET_FAILURES = `
  UPDATE destinations SET silent = 0, open_until = NULL, failing_since = NULL, failed_at = NULL
  FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS given(account_id, target)) AS given
  WHERE destinations.account_id = given.account_id AND destinations.target = given.target`;

/** Upon `held`, nothing goes there. */
async function hold(tx: Queryable, { accountId, target }: Destination, held: boolean): Promise<void> {
  await tx.query(
    `INSERT INTO destinations (account_id, target, held) VALUES ($1, $2, $3)
     ON CONFLICT (account_id, target) DO UPDATE SET held = $3`,
    [accountId, target, held],
  );
}

interface Added extends Owner, Pick<WebhookEndpoint, 'id' | 'url' | 'events'> {}

export function toEndpoint(row: EndpointRow): WebhookEndpoint {
  return {
    id: row.id,
    mode: row.mode,
    url: row.url,
    events: row.events as WebhookEventType[],
    paused: row.paused,
    disabledBecause: row.disabled_because,
    disabledAt: row.disabled_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  };
}
