import { Database } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { GenerationsConfig } from '../config.js';
import type { GenerationRow } from '../generations/generation.entity.js';
import { CONFIG } from '../tokens.js';

/** What names a request: an account's key, and the field of the document that it came in. */
export interface RequestName {
  accountId: string;
  key: string;
  scope: string;
}

export interface Claim {
  bodyHash: Buffer;
  generationId: string;
}

/**
 * So long after its first claim a generation id serves again when the claim is taken over, and with it its hold and its slot.
 * Well before these run out: their sweepers never meet an id that may still be accepted.
 */
const SAME_ID_SECONDS = 60;
const SAME_REQUEST = `k.body_hash = excluded.body_hash AND k.named_at > now() - interval '${SAME_ID_SECONDS} s'`;

@Injectable()
export class IdempotencyRepository {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {}

  /** The accepted generation of a request, with the hash of its body. */
  async find({ accountId, key, scope }: RequestName): Promise<(GenerationRow & { body_hash: Buffer }) | undefined> {
    const [row] = await this.database.query<GenerationRow & { body_hash: Buffer }>(
      `SELECT g.*, k.body_hash FROM idempotency_keys k JOIN generations g ON g.id = k.generation_id
       WHERE k.account_id = $1 AND k.key = $2 AND k.scope = $3 AND k.accepted`,
      [accountId, key, scope],
    );
    return row;
  }

  /**
   * Claims a request for the caller. Returns the generation id to use, or undefined while somebody else has the claim
   * or the request is accepted: look again. A look that finds it so takes no lock.
   */
  async claim({ accountId, key, scope }: RequestName, { bodyHash, generationId }: Claim): Promise<string | undefined> {
    const [row] = await this.database.query<{ generation_id: string }>(
      `WITH standing AS (
         SELECT FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND scope = $3
           AND (accepted OR claimed_at >= now() - $6 * interval '1 s')
       )
       INSERT INTO idempotency_keys AS k (account_id, key, scope, body_hash, generation_id)
       SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM standing)
       ON CONFLICT (account_id, key, scope) DO UPDATE SET
         claimed_at = excluded.claimed_at, expires_at = excluded.expires_at, body_hash = excluded.body_hash,
         generation_id = CASE WHEN ${SAME_REQUEST} THEN k.generation_id ELSE excluded.generation_id END,
         named_at = CASE WHEN ${SAME_REQUEST} THEN k.named_at ELSE excluded.named_at END
       WHERE NOT k.accepted AND k.claimed_at < now() - $6 * interval '1 s'
       RETURNING generation_id`,
      [accountId, key, scope, bodyHash, generationId, this.config.CLAIM_SECONDS],
    );
    return row?.generation_id;
  }

  /** Leaves a claim to the next repeat at once: its owner does not know how far it came, and does not go on. */
  async leave({ accountId, key, scope }: RequestName, generationId: string): Promise<void> {
    await this.database.query(
      `UPDATE idempotency_keys SET claimed_at = '-infinity'
       WHERE account_id = $1 AND key = $2 AND scope = $3 AND generation_id = $4 AND NOT accepted`,
      [accountId, key, scope, generationId],
    );
  }

  /** Gives up a claim: the request was refused, and nothing of it is kept. */
  async release({ accountId, key, scope }: RequestName, generationId: string): Promise<void> {
    await this.database.query(
      `DELETE FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND scope = $3 AND generation_id = $4 AND NOT accepted`,
      [accountId, key, scope, generationId],
    );
  }

  async forgetExpired(): Promise<void> {
    await this.database.query('DELETE FROM idempotency_keys WHERE expires_at < now()');
  }
}
