import type { Costing, Mode, Routing } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** A choice as it was quoted, for one request. */
export interface NewQuote extends Costing {
  id: string;
  accountId: string;
  mode: Mode;
  requestHash: Buffer;
  provider: string;
  model: string;
  options: Record<string, unknown>;
  adjustments: string[];
  routing: Routing;
}

@Injectable()
export class QuotesRepository {
  constructor(private readonly database: Database) {}

  /** Returns when it expires. */
  async add(quote: NewQuote, ttlSeconds: number): Promise<Date> {
    const q = quote;
    const [row] = await this.database.query<{ expiresAt: Date }>(
      `INSERT INTO quotes (id, account_id, mode, request_hash, provider, model, credits, options, adjustments, routing, expires_at,
         metered)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10::jsonb, now() + make_interval(secs => $11), $12::jsonb)
       RETURNING expires_at AS "expiresAt"`,
      [
        q.id,
        q.accountId,
        q.mode,
        q.requestHash,
        q.provider,
        q.model,
        q.credits,
        JSON.stringify(q.options),
        JSON.stringify(q.adjustments),
        JSON.stringify(q.routing),
        ttlSeconds,
        q.metered && JSON.stringify(q.metered),
      ],
    );
    return row!.expiresAt;
  }

  /** One that has not expired. */
  async find({ id, accountId, mode }: Pick<NewQuote, 'id' | 'accountId' | 'mode'>): Promise<NewQuote | undefined> {
    const [row] = await this.database.query<NewQuote>(
      `SELECT id, account_id AS "accountId", mode, request_hash AS "requestHash", provider, model, credits, metered, options,
         adjustments, routing
       FROM quotes WHERE id = $1 AND account_id = $2 AND mode = $3 AND expires_at > now()`,
      [id, accountId, mode],
    );
    return row;
  }

  async forgetExpired(): Promise<void> {
    await this.database.query('DELETE FROM quotes WHERE expires_at < now()');
  }
}
