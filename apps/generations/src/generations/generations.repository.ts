import type { GenerationStatus } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { GenerationRow } from './generation.entity.js';

@Injectable()
export class GenerationsRepository {
  constructor(private readonly database: Database) {}

  async find(accountId: string, id: string): Promise<GenerationRow | undefined> {
    const [row] = await this.database.query<GenerationRow>(
      'SELECT * FROM generations WHERE id = $1 AND account_id = $2',
      [id, accountId],
    );
    return row;
  }

  statuses(ids: string[]): Promise<{ id: string; status: GenerationStatus }[]> {
    return this.database.query('SELECT id, status FROM generations WHERE id = ANY($1::text[])', [ids]);
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
