import type { ErrorBody, GenerationStatus, Output } from '@doitong/contracts';
import { type Queryable, writeOutbox } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { type GenerationRow, toGeneration } from '../generations/generation.entity.js';
import { sourcesOf } from '../generations/transitions.js';
import { costOf } from '../lengths/cost-of.js';
import { outboxItemsOf, startedItemOf } from './events.js';

/** How a generation ends. */
export type Ending =
  | { status: 'COMPLETED'; output: Output }
  | { status: 'FAILED'; error: ErrorBody }
  /** `chargePercent`: of the price, where a vendor may have been asked. */
  | { status: 'CANCELLED'; chargePercent?: number };

@Injectable()
export class OutcomeRepository {
  /**
   * Ends a generation and writes what others must hear of it, within the transaction `tx`.
   * Undefined when it has ended already, or another attempt of it was begun meanwhile: then nothing is written.
   */
  async end(tx: Queryable, generationId: string, ending: Ending): Promise<GenerationRow | undefined> {
    const status: GenerationStatus = ending.status;
    const completed = ending.status === 'COMPLETED' ? ending : undefined;
    const [row] = await tx.query<GenerationRow>(
      `UPDATE generations SET status = $2, completed_at = now(), version = version + 1,
         progress = CASE WHEN $2 = 'COMPLETED' THEN 100 ELSE progress END,
         output = $3::jsonb, error = $4::jsonb, cancel_charge = ceil(credits * $6::numeric / 100)
       WHERE id = $1 AND status = ANY($5::text[]) AND NOT EXISTS (
         SELECT FROM attempts WHERE generation_id = $1 AND status IN ('CREATED', 'SUBMITTING', 'SUBMITTED')) RETURNING *`,
      [
        generationId,
        status,
        completed ? JSON.stringify(completed.output) : null,
        ending.status === 'FAILED' ? JSON.stringify(ending.error) : null,
        sourcesOf(status),
        ending.status === 'CANCELLED' ? ending.chargePercent : null,
      ],
    );
    if (!row) return undefined;
    const cost = completed ? costOf(row) : row.credits;
    const ended = cost < row.credits ? await this.lower(tx, row.id, cost) : row;
    await writeOutbox(tx, ended.request_id, outboxItemsOf(toGeneration(ended), ended.webhook_url));
    return ended;
  }

  /** Writes what others must hear of a generation that the transaction `tx` has set in PROCESSING. */
  async started(tx: Queryable, generationId: string): Promise<void> {
    const [row] = await tx.query<GenerationRow>('SELECT * FROM generations WHERE id = $1', [generationId]);
    await writeOutbox(tx, row!.request_id, [startedItemOf(toGeneration(row!))]);
  }

  /** What it cost in the end, less than was set aside. */
  private async lower(tx: Queryable, generationId: string, credits: number): Promise<GenerationRow> {
    const [row] = await tx.query<GenerationRow>('UPDATE generations SET credits = $2 WHERE id = $1 RETURNING *', [
      generationId,
      credits,
    ]);
    return row!;
  }
}
