import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { added, faded, nothing, type Observed } from './observed.js';

export interface ModelKey {
  provider: string;
  model: string;
}

/** What was seen of a model, as it weighed at `at`. */
export interface Seen extends ModelKey, Observed {
  at: Date;
}

@Injectable()
export class ModelHealthRepository {
  constructor(private readonly database: Database) {}

  all(): Promise<Seen[]> {
    return this.database.query('SELECT provider, model, successes, failures, seconds, at FROM model_health');
  }

  /** Adds what this replica has seen to what all have. */
  async add(news: (ModelKey & Observed)[]): Promise<void> {
    // In one order for all replicas, so that none wait for each other in a circle.
    const sorted = news.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    await this.database.transaction(async (tx) => {
      for (const { provider, model, ...seen } of sorted) {
        await tx.query('INSERT INTO model_health (provider, model) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
          provider,
          model,
        ]);
        const [row] = await tx.query<Observed & { ageMs: number }>(
          `SELECT successes, failures, seconds, (extract(epoch FROM now() - at) * 1000)::float8 AS "ageMs"
           FROM model_health WHERE provider = $1 AND model = $2 FOR UPDATE`,
          [provider, model],
        );
        const { successes, failures, seconds } = added(row ? faded(row, row.ageMs) : nothing, seen);
        await tx.query(
          `UPDATE model_health SET successes = $3, failures = $4, seconds = $5, at = now()
           WHERE provider = $1 AND model = $2`,
          [provider, model, successes, failures, seconds],
        );
      }
    });
  }
}

/** Tells models apart. */
export function nameOf({ provider, model }: ModelKey): string {
  return `${provider}/${model}`;
}
