import type { Generation } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { type Destination, noteDue } from '../deliveries/destinations.js';
import type { Allotment } from './places.js';
import type { Verdict } from './retry-schedule.js';

/** A delivery that this process may attempt until its lease ends. */
export interface ClaimedDelivery extends Destination {
  id: string;
  url: string;
  /** Attempts that were made before. */
  tries: number;
  event: { id: string; type: string; occurredAt: Date; data: Generation };
}

/** One attempt as it is kept. */
export interface Attempt {
  deliveryId: string;
  /** From 1. */
  number: number;
  at: Date;
  /** HTTP status; null without an answer. */
  status: number | null;
  latencyMs: number;
  error: string | null;
  /** What the answer's body begins with. */
  answer: string | null;
}

const DESTINATIONS_AT_ONCE = 200;

const READY = `
  SELECT account_id AS "accountId", host FROM destinations
  WHERE due_at <= now() AND account_id <> ALL($1::text[])
    AND (account_id, host) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
  ORDER BY due_at LIMIT $4 FOR UPDATE SKIP LOCKED`;

const ALLOTTED = 'unnest($1::text[], $2::text[], $3::integer[]) AS allotted(account_id, host, places)';

const LEASE = `
  WITH claimed AS (
    SELECT waiting.id FROM ${ALLOTTED} CROSS JOIN LATERAL (
      SELECT id FROM deliveries
      WHERE status = 'PENDING' AND account_id = allotted.account_id AND host = allotted.host AND due_at <= now()
      ORDER BY due_at LIMIT allotted.places FOR UPDATE SKIP LOCKED
    ) AS waiting
  )
  UPDATE deliveries SET due_at = now() + make_interval(secs => $4 / 1000.0)
  FROM claimed, events WHERE deliveries.id = claimed.id AND events.id = event_id
  RETURNING deliveries.id, deliveries.account_id AS "accountId", host, url, tries,
    event_id AS "eventId", type, occurred_at AS "occurredAt", data`;

/** A destination that has more due goes behind those that wait already. */
const NOTE_NEXT = `
  UPDATE destinations SET due_at = (
    SELECT greatest(due_at, now()) FROM deliveries
    WHERE status = 'PENDING' AND account_id = allotted.account_id AND host = allotted.host
    ORDER BY due_at LIMIT 1)
  FROM (SELECT account_id, host FROM unnest($1::text[], $2::text[]) AS given(account_id, host)) AS allotted
  WHERE destinations.account_id = allotted.account_id AND destinations.host = allotted.host`;

/** An attempt whose delivery has gone on meanwhile (its lease was over) changes nothing. */
const SETTLE = `
  WITH given AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS given("deliveryId" text, number integer, at timestamptz,
      status integer, "latencyMs" integer, error text, answer text, "newStatus" text, "waitMs" float8)
  ), settled AS (
    UPDATE deliveries SET status = "newStatus", tries = given.number,
      due_at = now() + make_interval(secs => coalesce("waitMs", 0) / 1000)
    FROM given WHERE deliveries.id = "deliveryId" AND deliveries.status = 'PENDING' AND tries = given.number - 1
    RETURNING deliveries.id, given.number, account_id, host, deliveries.status, due_at
  ), kept AS (
    INSERT INTO delivery_attempts (delivery_id, number, at, status, latency_ms, error, answer)
    SELECT "deliveryId", given.number, at, given.status, "latencyMs", error, answer
    FROM given JOIN settled ON settled.id = "deliveryId" AND settled.number = given.number
  ), waiting AS (
    SELECT * FROM settled WHERE status = 'PENDING'
  )
  ${noteDue('waiting')}`;

const RELEASE = `
  WITH released AS (
    UPDATE deliveries SET due_at = now() FROM unnest($1::text[], $2::integer[]) AS given(id, tries)
    WHERE deliveries.id = given.id AND status = 'PENDING' AND deliveries.tries = given.tries
    RETURNING account_id, host, due_at
  )
  ${noteDue('released')}`;

@Injectable()
export class QueueRepository {
  constructor(@Inject(Database) private readonly database: Database) {}

  /**
   * Leases due deliveries, the longest waiting destination first. The destinations are locked in a statement of their
   * own: only what is read after that sees all that was added to them. `visited` is 0 when nothing was due.
   */
  claim(
    full: { accounts: string[]; destinations: Destination[] },
    allot: (destinations: Destination[]) => Allotment[],
    leaseMs: number,
  ): Promise<{ visited: number; claimed: ClaimedDelivery[] }> {
    return this.database.transaction(async (tx) => {
      const ready = await tx.query<Destination>(READY, [
        full.accounts,
        full.destinations.map(({ accountId }) => accountId),
        full.destinations.map(({ host }) => host),
        DESTINATIONS_AT_ONCE,
      ]);
      const allotted = allot(ready);
      if (allotted.length === 0) return { visited: 0, claimed: [] };
      const accounts = allotted.map(({ accountId }) => accountId);
      const hosts = allotted.map(({ host }) => host);
      const rows = await tx.query<LeasedRow>(LEASE, [accounts, hosts, allotted.map(({ places }) => places), leaseMs]);
      await tx.query(NOTE_NEXT, [accounts, hosts]);
      return { visited: allotted.length, claimed: rows.map(claimedDelivery) };
    });
  }

  async settle(settlements: { attempt: Attempt; verdict: Verdict }[]): Promise<void> {
    const given = settlements.map(({ attempt, verdict }) => ({
      ...attempt,
      newStatus: verdict.status,
      waitMs: verdict.status === 'PENDING' ? verdict.waitMs : null,
    }));
    await this.database.query(SETTLE, [JSON.stringify(given)]);
  }

  /** Ends leases early: what was not attempted to the end is due again. */
  async release(deliveries: ClaimedDelivery[]): Promise<void> {
    await this.database.query(RELEASE, [deliveries.map(({ id }) => id), deliveries.map(({ tries }) => tries)]);
  }
}

interface LeasedRow extends Destination {
  id: string;
  url: string;
  tries: number;
  eventId: string;
  type: string;
  occurredAt: Date;
  data: Generation;
}

function claimedDelivery({ eventId, type, occurredAt, data, ...delivery }: LeasedRow): ClaimedDelivery {
  return { ...delivery, event: { id: eventId, type, occurredAt, data } };
}
