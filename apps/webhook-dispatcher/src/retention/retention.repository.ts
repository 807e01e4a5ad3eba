import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** Two replicas at the same work would each leave an event to the other. */
const ALONE = `SELECT pg_try_advisory_xact_lock(hashtextextended('webhooks.retention', 0)) AS alone`;

@Injectable()
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /** Forgets up to `most` deliveries that are older, with their attempts, and events that have none left. Tells how many. */
  forget(days: number, most: number): Promise<number> {
    return this.database.transaction(async (tx) => {
      const [lock] = await tx.query<{ alone: boolean }>(ALONE);
      if (!lock!.alone) return 0;
      const gone = await tx.query<{ event_id: string }>(
        `DELETE FROM deliveries WHERE id IN (
           SELECT id FROM deliveries WHERE created_at < now() - make_interval(days => $1)
           ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING event_id`,
        [days, most],
      );
      await tx.query(
        `DELETE FROM events WHERE id = ANY($1::text[])
           AND NOT EXISTS (SELECT FROM deliveries WHERE event_id = events.id)`,
        [gone.map(({ event_id }) => event_id)],
      );
      return gone.length;
    });
  }

  /** Forgets secrets that sign no more, or whose endpoint was deleted while they were made, and destinations of which nothing is to be known. */
  async tidy(): Promise<void> {
    await this.database.query(
      `DELETE FROM secrets WHERE expires_at <= now()
         OR (owner_id LIKE 'whk%' AND NOT EXISTS (SELECT FROM endpoints WHERE id = owner_id))`,
    );
    await this.database.query(
      `DELETE FROM destinations WHERE due_at IS NULL AND coalesce(failed_at < now() - interval '2 days', true)
         AND NOT EXISTS (SELECT FROM endpoints WHERE id = target)`,
    );
  }
}
