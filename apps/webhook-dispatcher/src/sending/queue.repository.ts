import type { Generation, Mode } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { type Destination, noteDue } from '../deliveries/destinations.js';
import type { Allotment, Candidate } from './places.js';
import type { Verdict } from './retry-schedule.js';

/** A delivery that this process may attempt until its lease ends. */
export interface ClaimedDelivery extends Destination {
  id: string;
  mode: Mode;
  /** Null where it goes to a request's `webhookUrl`. */
  endpointId: string | null;
  url: string;
  /** Attempts that were made before. */
  tries: number;
  /** Those of them that do not count, as it was asked to be delivered again since. */
  triesBefore: number;
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

/** What became of a delivery by an attempt. */
export interface Settlement {
  delivery: ClaimedDelivery;
  attempt: Attempt;
  verdict: Verdict;
}

const DESTINATIONS_AT_ONCE = 200;

/** The destinations that may be claimed from. */
export const READY = `
  SELECT account_id AS "accountId", target, silent > 0 AS "onProbation" FROM destinations
  WHERE claim_at <= now() AND account_id <> ALL($1::text[])
    AND (account_id, target) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
  ORDER BY claim_at LIMIT $4 FOR UPDATE SKIP LOCKED`;

const ALLOTTED = 'unnest($1::text[], $2::text[], $3::integer[]) AS allotted(account_id, target, places)';

export const LEASE = `
  WITH claimed AS (
    SELECT waiting.id FROM ${ALLOTTED} CROSS JOIN LATERAL (
      SELECT id FROM deliveries
      WHERE status = 'PENDING' AND account_id = allotted.account_id AND target = allotted.target AND due_at <= now()
      ORDER BY due_at LIMIT allotted.places FOR UPDATE SKIP LOCKED
    ) AS waiting
  )
  UPDATE deliveries SET due_at = now() + make_interval(secs => $4 / 1000.0)
  FROM claimed, events WHERE deliveries.id = claimed.id AND events.id = event_id
  RETURNING deliveries.id, deliveries.account_id AS "accountId", mode, target, endpoint_id AS "endpointId", url, tries,
    tries_before AS "triesBefore", event_id AS "eventId", type, occurred_at AS "occurredAt", data`;

/** A destination that has more due goes behind those that wait already. While its circuit is open, this attempt is the only one. */
export const NOTE_NEXT = `
  UPDATE destinations SET
    due_at = (
      SELECT greatest(due_at, now()) FROM deliveries
      WHERE status = 'PENDING' AND account_id = allotted.account_id AND target = allotted.target
      ORDER BY due_at LIMIT 1),
    open_until = CASE WHEN open_until IS NOT NULL THEN now() + make_interval(secs => $3 / 1000.0) END
  FROM (SELECT account_id, target FROM unnest($1::text[], $2::text[]) AS given(account_id, target)) AS allotted
  WHERE destinations.account_id = allotted.account_id AND destinations.target = allotted.target`;

/** So many attempts in a row without an answer open the circuit of a destination: it is left alone, longer after each. */
const SILENT_OPENS = 5;
const SHORTEST_OPEN_SECONDS = 30;
const LONGEST_OPEN_SECONDS = 15 * 60;
/** A destination that fails for so long is given up. Failures further apart than `GAP` have nothing to do with each other. */
const FAILING = `interval '5 days'`;
const GAP = `interval '2 days'`;

/**
 * An attempt whose delivery has gone on meanwhile (its lease was over) changes nothing. A destination is written only where there
 * is something new to say of it: while all goes well, deliveries alone are.
 */
const SETTLE = `
  WITH given AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS given("deliveryId" text, number integer, at timestamptz,
      status integer, "latencyMs" integer, error text, answer text, "newStatus" text, "waitMs" float8)
  ), settled AS (
    UPDATE deliveries SET status = "newStatus", tries = given.number,
      due_at = now() + make_interval(secs => coalesce("waitMs", 0) / 1000)
    FROM given WHERE deliveries.id = "deliveryId" AND deliveries.status = 'PENDING' AND tries = given.number - 1
    RETURNING deliveries.id, given.number, account_id, target, deliveries.status, due_at, given.status AS answered
  ), kept AS (
    INSERT INTO delivery_attempts (delivery_id, number, at, status, latency_ms, error, answer)
    SELECT "deliveryId", given.number, at, given.status, "latencyMs", error, answer
    FROM given JOIN settled ON settled.id = "deliveryId" AND settled.number = given.number
  ), heard AS (
    SELECT account_id, target, min(due_at) FILTER (WHERE status = 'PENDING') AS due_at,
      bool_or(status = 'DELIVERED') AS delivered, CASE WHEN count(answered) = 0 THEN count(*) ELSE 0 END AS silent
    FROM settled GROUP BY account_id, target
  ), told AS (
    SELECT account_id, target, heard.due_at, delivered,
      CASE WHEN heard.silent > 0 THEN coalesce(known.silent, 0) + heard.silent ELSE 0 END::integer AS silent,
      CASE WHEN known.failed_at > now() - ${GAP} THEN known.failing_since ELSE now() END AS failing_since
    FROM heard LEFT JOIN destinations AS known USING (account_id, target)
    WHERE heard.due_at IS NOT NULL OR NOT delivered OR known.silent > 0 OR known.failing_since IS NOT NULL
  )
  INSERT INTO destinations (account_id, target, due_at, silent, open_until, failing_since, failed_at)
  SELECT account_id, target, due_at, silent,
    CASE WHEN silent >= ${SILENT_OPENS} THEN now() + make_interval(secs =>
      $2 * least(${LONGEST_OPEN_SECONDS}, ${SHORTEST_OPEN_SECONDS} * power(2, least(silent - ${SILENT_OPENS}, 10)))) END,
    CASE WHEN NOT delivered THEN failing_since END, CASE WHEN NOT delivered THEN now() END
  FROM told ORDER BY account_id, target
  ON CONFLICT (account_id, target) DO UPDATE SET due_at = least(destinations.due_at, excluded.due_at),
    silent = excluded.silent, open_until = excluded.open_until,
    failing_since = excluded.failing_since, failed_at = excluded.failed_at
  RETURNING account_id AS "accountId", target, coalesce(failing_since < now() - ${FAILING}, false) AS hopeless`;

const RELEASE = `
  WITH released AS (
    UPDATE deliveries SET due_at = now() FROM unnest($1::text[], $2::integer[]) AS given(id, tries)
    WHERE deliveries.id = given.id AND status = 'PENDING' AND deliveries.tries = given.tries
    RETURNING account_id, target, due_at
  )
  ${noteDue('released')}`;

@Injectable()
export class QueueRepository {
  constructor(private readonly database: Database) {}

  /**
   * Leases due deliveries, the longest waiting destination first. The destinations are locked in a statement of their
   * own: only what is read after that sees all that was added to them. `more`: others may be due that were not looked at.
   */
  claim(
    full: { accounts: string[]; destinations: Destination[] },
    allot: (destinations: Candidate[]) => Allotment[],
    leaseMs: number,
  ): Promise<{ more: boolean; claimed: ClaimedDelivery[] }> {
    return this.database.transaction(async (tx) => {
      const ready = await tx.query<Candidate>(READY, [
        full.accounts,
        full.destinations.map(({ accountId }) => accountId),
        full.destinations.map(({ target }) => target),
        DESTINATIONS_AT_ONCE,
      ]);
      const allotted = allot(ready);
      if (allotted.length === 0) return { more: false, claimed: [] };
      const accounts = allotted.map(({ accountId }) => accountId);
      const targets = allotted.map(({ target }) => target);
      const places = allotted.map(({ places }) => places);
      const rows = await tx.query<LeasedRow>(LEASE, [accounts, targets, places, leaseMs]);
      await tx.query(NOTE_NEXT, [accounts, targets, leaseMs]);
      const more = ready.length === DESTINATIONS_AT_ONCE || allotted.length < ready.length;
      return { more, claimed: rows.map(claimedDelivery) };
    });
  }

  /**
   * `scale` is that of the waits of circuits. Tells the destinations that have failed for too long. If it fails, deliveries are attempted
   * again when their leases end.
   */
  async settle(settlements: Settlement[], scale: number): Promise<Destination[]> {
    const given = settlements.map(({ attempt, verdict }) => ({
      ...attempt,
      newStatus: verdict.status,
      waitMs: verdict.status === 'PENDING' ? verdict.waitMs : null,
    }));
    const rows = await this.database.query<Destination & { hopeless: boolean }>(SETTLE, [JSON.stringify(given), scale]);
    return rows.filter(({ hopeless }) => hopeless);
  }

  /** Ends leases early: what was not attempted to the end is due again. */
  async release(deliveries: ClaimedDelivery[]): Promise<void> {
    await this.database.query(RELEASE, [deliveries.map(({ id }) => id), deliveries.map(({ tries }) => tries)]);
  }
}

type LeasedRow = Omit<ClaimedDelivery, 'event'> & {
  eventId: string;
  type: string;
  occurredAt: Date;
  data: Generation;
};

function claimedDelivery({ eventId, type, occurredAt, data, ...delivery }: LeasedRow): ClaimedDelivery {
  return { ...delivery, event: { id: eventId, type, occurredAt, data } };
}
