import { type AttemptFailure, billing, type Costing, type HoldChange, type Routing } from '@doitong/contracts';
import { Database, type Queryable, writeOutbox } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { GenerationsConfig } from '../config.js';
import type { GenerationRow } from '../generations/generation.entity.js';
import { live } from '../generations/transitions.js';
import { CONFIG } from '../tokens.js';
import type { Tried } from './tried.js';

/** A generation that runs, with its attempts in order; the failures of the last, which runs too, are still to come. */
export interface Course {
  generation: GenerationRow;
  attempts: (Omit<Tried, 'failure'> & { failure: AttemptFailure | null })[];
}

/** A generation's next attempt, and what changes of the generation with it. */
export interface Move extends Costing {
  generationId: string;
  attemptId: string;
  attemptNumber: number;
  family: string;
  provider: string;
  model: string;
  options: object;
  expectedSeconds: number;
  adjustments: string[];
  routing: Routing;
}

@Injectable()
export class FailoverRepository {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {}

  /** Undefined when the attempt is over or held by another worker, or its generation has ended. */
  async course(
    { attemptId, family }: Pick<Move, 'attemptId' | 'family'>,
    workerId: string | null,
  ): Promise<Course | undefined> {
    const [generation] = await this.database.query<GenerationRow>(
      `SELECT g.* FROM attempts a JOIN generations g ON g.id = a.generation_id
       WHERE a.id = $1 AND a.family = $4 AND a.status IN ('CREATED', 'SUBMITTING', 'SUBMITTED')
         AND (a.worker_id IS NULL OR a.worker_id = $2) AND g.status = ANY($3::text[])`,
      [attemptId, workerId, live, family],
    );
    if (!generation) return undefined;
    const attempts = await this.database.query<Course['attempts'][number]>(
      'SELECT family, provider, model, failure FROM attempts WHERE generation_id = $1 ORDER BY number',
      [generation.id],
    );
    return { generation, attempts };
  }

  /** Of all attempts of a generation, in order. */
  async failures(tx: Queryable, generationId: string): Promise<AttemptFailure[]> {
    const rows = await tx.query<{ failure: AttemptFailure }>(
      'SELECT failure FROM attempts WHERE generation_id = $1 AND failure IS NOT NULL ORDER BY number',
      [generationId],
    );
    return rows.map(({ failure }) => failure);
  }

  /** Ends an attempt that nobody has begun. False when somebody has, or it is over. */
  async giveUp(tx: Queryable, attemptId: string, failure: AttemptFailure): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE attempts SET status = 'FAILED', failure = $2::jsonb, finished_at = now()
       WHERE id = $1 AND status = 'CREATED' RETURNING id`,
      [attemptId, JSON.stringify(failure)],
    );
    return rows.length > 0;
  }

  /**
   * Makes the next attempt of a generation, whose last one the same transaction has ended, and has its hold follow. Its status
   * and its progress stay. Undefined when the generation has ended meanwhile.
   */
  async move(tx: Queryable, move: Move): Promise<GenerationRow | undefined> {
    const { generationId, attemptNumber, credits } = move;
    const [row] = await tx.query<GenerationRow>(
      `WITH moved AS (
         UPDATE generations SET provider = $2, model = $3, options = $4::jsonb, credits = $5, expected_seconds = $6,
           adjustments = $7::jsonb, routing = $8::jsonb, metered = $14::jsonb, version = version + 1
         WHERE id = $1 AND status = ANY($9::text[]) RETURNING *
       ), attempt AS (
         INSERT INTO attempts (id, generation_id, number, family, provider, model, status, lease_expires_at)
         SELECT $10, id, $11, $12, $2, $3, 'CREATED', now() + $13 * interval '1 ms' FROM moved
       )
       SELECT * FROM moved`,
      [
        generationId,
        move.provider,
        move.model,
        JSON.stringify(move.options),
        credits,
        move.expectedSeconds,
        JSON.stringify(move.adjustments),
        JSON.stringify(move.routing),
        live,
        move.attemptId,
        attemptNumber,
        move.family,
        this.config.JOB_LEASE_MS,
        move.metered && JSON.stringify(move.metered),
      ],
    );
    const item: HoldChange = { generationId, attemptNumber, credits };
    if (row) await writeOutbox(tx, row.request_id, [{ subject: billing.lower.subject, item }]);
    return row;
  }
}
