import type { DisabledReason, WebhookEndpoint, WebhookEventType } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Destination } from '../deliveries/destinations.js';

/** A row of `endpoints`. */
export interface EndpointRow {
  id: string;
  account_id: string;
  url: string;
  events: string[];
  paused: boolean;
  disabled_because: DisabledReason | null;
  disabled_at: Date | null;
  created_at: Date;
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
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Undefined when the account has as many as it may have. */
  async add({ id, accountId, url, events }: Added, secret: string, most: number): Promise<EndpointRow | undefined> {
    const [row] = await this.database.query<EndpointRow>(
      `WITH added AS (
         INSERT INTO endpoints (id, account_id, url, events)
         SELECT $1, $2, $3, $4::text[] WHERE (SELECT count(*) FROM endpoints WHERE account_id = $2) < $6 RETURNING *
       ), signs AS (
         INSERT INTO secrets (owner_id, secret) SELECT id, $5 FROM added
       ), known AS (
         INSERT INTO destinations (account_id, target) SELECT account_id, id FROM added
       )
       SELECT * FROM added`,
      [id, accountId, url, events, secret, most],
    );
    return row;
  }

  /** The oldest first. */
  ofAccounts(accountIds: string[]): Promise<EndpointRow[]> {
    return this.database.query('SELECT * FROM endpoints WHERE account_id = ANY($1::text[]) ORDER BY id', [accountIds]);
  }

  async find(accountId: string, id: string): Promise<EndpointRow | undefined> {
    const sql = 'SELECT * FROM endpoints WHERE id = $1 AND account_id = $2';
    const [row] = await this.database.query<EndpointRow>(sql, [id, accountId]);
    return row;
  }

  /** What waits follows it to another URL. To enable it, or to give it another URL, forgets its failures. */
  change(
    accountId: string,
    id: string,
    { url, events, paused, enable }: EndpointChange,
  ): Promise<EndpointRow | undefined> {
    return this.database.transaction(async (tx) => {
      const [row] = await tx.query<EndpointRow>(
        `UPDATE endpoints SET url = coalesce($3, url), events = coalesce($4::text[], events), paused = coalesce($5, paused),
           disabled_because = CASE WHEN NOT $6 THEN disabled_because END,
           disabled_at = CASE WHEN NOT $6 THEN disabled_at END
         WHERE id = $1 AND account_id = $2 RETURNING *`,
        [id, accountId, url, events, paused, enable],
      );
      if (!row) return undefined;
      if (url !== null) {
        await tx.query(
          `WITH waiting AS (
             SELECT id FROM deliveries WHERE status = 'PENDING' AND account_id = $1 AND target = $2 ORDER BY id FOR UPDATE
           )
           UPDATE deliveries SET url = $3 FROM waiting WHERE deliveries.id = waiting.id`,
          [accountId, id, url],
        );
      }
      await hold(tx, { accountId, target: id }, row.paused || row.disabled_because !== null);
      if (enable || url !== null) await tx.query(FORGET_FAILURES, [[accountId], [id]]);
      return row;
    });
  }

  /** False when there is none. */
  remove(accountId: string, id: string): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const gone = await tx.query('DELETE FROM endpoints WHERE id = $1 AND account_id = $2 RETURNING id', [
        id,
        accountId,
      ]);
      if (gone.length === 0) return false;
      await tx.query('DELETE FROM secrets WHERE owner_id = $1', [id]);
      await tx.query(BURY, [accountId, id]);
      await hold(tx, { accountId, target: id }, true);
      return true;
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

interface Added extends Pick<WebhookEndpoint, 'id' | 'url' | 'events'> {
  accountId: string;
}

export function toEndpoint(row: EndpointRow): WebhookEndpoint {
  return {
    id: row.id,
    url: row.url,
    events: row.events as WebhookEventType[],
    paused: row.paused,
    disabledBecause: row.disabled_because,
    disabledAt: row.disabled_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  };
}
