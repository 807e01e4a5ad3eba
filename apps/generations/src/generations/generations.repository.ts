import {
  type admin,
  billing,
  type GenerationStatus,
  type GenerationsFilter,
  type Mode,
  type ReplyOf,
} from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { GenerationRow } from './generation.entity.js';
import { FIRST_ID, firstIdFrom, LAST_ID, lastIdBefore } from './id-range.js';
import { ended } from './transitions.js';

/** Whose generations: an account's, in one of its two worlds. */
export interface Owner {
  accountId: string;
  mode: Mode;
}

type AttemptDetails = ReplyOf<typeof admin.generationShow>['attempts'][number];

interface Settled {
  id: string;
  accountId: string;
  status: GenerationStatus;
  creditCost: number;
  settled: boolean;
}

/** As `toGeneration` tells it. */
const CREDIT_COST = `CASE status WHEN 'FAILED' THEN 0 WHEN 'CANCELLED' THEN coalesce(cancel_charge, 0) ELSE credits END`;

@Injectable()
export class GenerationsRepository {
  constructor(private readonly database: Database) {}

  /** Those that there are, of whichever account, in no order. */
  find(ids: string[]): Promise<GenerationRow[]> {
    return this.database.query<GenerationRow>('SELECT * FROM generations WHERE id = ANY($1::text[])', [ids]);
  }

  attemptsOf(id: string): Promise<AttemptDetails[]> {
    return this.database.query<AttemptDetails>(
      `SELECT id, number, provider, model, status, credential, failure, vendor_cost_micro_usd AS "vendorCostMicroUsd",
         to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "createdAt",
         to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "finishedAt"
       FROM attempts WHERE generation_id = $1 ORDER BY number`,
      [id],
    );
  }

  /** Newest first; those older than generation `after` only. */
  list(
    { accountId, mode }: Owner,
    { type, status, provider, createdAfter, createdBefore }: GenerationsFilter,
    after: string | undefined,
    limit: number,
  ): Promise<GenerationRow[]> {
    return this.database.query<GenerationRow>(
      // What customers see of an instant is its milliseconds.
      `SELECT * FROM generations
       WHERE account_id = $1 AND mode = $11 AND id > $2 AND id < $3 AND id < $4
         AND ($5::text IS NULL OR type = $5) AND ($6::text[] IS NULL OR status = ANY ($6)) AND ($7::text IS NULL OR provider = $7)
         AND ($8::timestamptz IS NULL OR date_trunc('milliseconds', created_at) > $8)
         AND ($9::timestamptz IS NULL OR date_trunc('milliseconds', created_at) < $9)
       ORDER BY id DESC LIMIT $10`,
      [
        accountId,
        createdAfter ? firstIdFrom(createdAfter) : FIRST_ID,
        createdBefore ? lastIdBefore(createdBefore) : LAST_ID,
        after ?? LAST_ID,
        type,
        status,
        provider,
        createdAfter,
        createdBefore,
        limit,
        mode,
      ],
    );
  }

  statuses(ids: string[]): Promise<{ id: string; status: GenerationStatus; creditCost: number }[]> {
    return this.database.query(
      `SELECT id, status, ${CREDIT_COST} AS "creditCost" FROM generations WHERE id = ANY($1::text[])`,
      [ids],
    );
  }

  /** The next generations after this id; `settled`: it has ended, and its settlement has left the outbox. */
  settled(after: string | null, limit: number): Promise<Settled[]> {
    return this.database.query(
      `SELECT id, account_id AS "accountId", status, ${CREDIT_COST} AS "creditCost",
         status = ANY ($3::text[]) AND id <> ALL (ARRAY(
           SELECT item ->> 'generationId' FROM outbox WHERE subject = '${billing.settle.subject}'
         )) AS settled
       FROM generations WHERE id > $1 ORDER BY id LIMIT $2`,
      [after ?? FIRST_ID, limit, ended],
    );
  }

  /** Those whose deadline has passed. */
  overdue(limit: number): Promise<{ id: string }[]> {
    return this.database.query(
      `SELECT id FROM generations WHERE status IN ('QUEUED', 'PROCESSING') AND deadline_at < now()
       ORDER BY deadline_at LIMIT $1`,
      [limit],
    );
  }
}
