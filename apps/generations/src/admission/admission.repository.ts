import type { Costing, Plan, Routing } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { GenerationsConfig } from '../config.js';
import type { GenerationRow } from '../generations/generation.entity.js';
import type { Note } from '../generations/generations.service.js';
import { CONFIG } from '../tokens.js';
import type { RequestName } from './idempotency.repository.js';

export interface NewGeneration extends Costing {
  id: string;
  attemptId: string;
  accountId: string;
  plan: Plan;
  mode: string;
  type: string;
  provider: string;
  model: string;
  family: string;
  input: object;
  options: object;
  /** Never charged more, as a quote promised; null without one. */
  mostCredits: number | null;
  expectedSeconds: number;
  deadlineSeconds: number;
  routing: Routing;
  asked: GenerationRow['asked'];
  adjustments: string[];
  webhookUrl: string | null;
  requestId: string;
  /** The hold and the slot serve until then. */
  admittedUntil: Date;
}

/** Hold and slot must outlive the acceptance by this much: their sweepers never meet a generation in the making. */
const MARGIN_SECONDS = 60;

@Injectable()
export class AdmissionRepository {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {}

  /**
   * Accepts a generation: it, its first attempt and its idempotency row, in one statement and so in one transaction.
   * Undefined when the hold or the slot is about to run out, or the claim on the key was lost.
   */
  async accept(
    generation: NewGeneration,
    name: RequestName | undefined,
    note?: Note,
  ): Promise<GenerationRow | undefined> {
    if (!note) return this.insert(this.database, generation, name);
    return this.database.transaction(async (tx) => {
      const row = await this.insert(tx, generation, name);
      if (row) await note(tx, row);
      return row;
    });
  }

  private async insert(
    on: Queryable,
    generation: NewGeneration,
    name: RequestName | undefined,
  ): Promise<GenerationRow | undefined> {
    const g = generation;
    const [row] = await on.query<GenerationRow>(
      `WITH claimed AS (
         UPDATE idempotency_keys SET accepted = true
         WHERE account_id = $3 AND key = $20 AND scope = $21 AND generation_id = $1 AND NOT accepted
           AND now() < $18::timestamptz - interval '${MARGIN_SECONDS} s' RETURNING 1
       ), generation AS (
         INSERT INTO generations (id, account_id, mode, type, status, provider, model, input, options, credits,
           expected_seconds, deadline_at, routing, adjustments, webhook_url, request_id, most_credits, asked, plan, metered)
         SELECT $1, $3, $4, $5, 'QUEUED', $6, $7, $9::jsonb, $10::jsonb, $11,
           $12, now() + $13 * interval '1 s', $14::jsonb, $15::jsonb, $16, $17, $22, $23::jsonb, $24, $25::jsonb
         WHERE now() < $18::timestamptz - interval '${MARGIN_SECONDS} s' AND ($20::text IS NULL OR EXISTS (SELECT FROM claimed))
         RETURNING *
       ), attempt AS (
         INSERT INTO attempts (id, generation_id, number, family, provider, model, status, lease_expires_at)
         SELECT $2, id, 1, $8, $6, $7, 'CREATED', now() + $19 * interval '1 ms' FROM generation
       )
       SELECT * FROM generation`,
      [
        g.id,
        g.attemptId,
        g.accountId,
        g.mode,
        g.type,
        g.provider,
        g.model,
        g.family,
        JSON.stringify(g.input),
        JSON.stringify(g.options),
        g.credits,
        g.expectedSeconds,
        g.deadlineSeconds,
        JSON.stringify(g.routing),
        JSON.stringify(g.adjustments),
        g.webhookUrl,
        g.requestId,
        g.admittedUntil,
        this.config.JOB_LEASE_MS,
        name?.key ?? null,
        name?.scope ?? null,
        g.mostCredits,
        JSON.stringify(g.asked),
        g.plan,
        g.metered && JSON.stringify(g.metered),
      ],
    );
    return row;
  }
}
