import type { AccountStatus, ApiKey, Limits, Mode, Principal } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { inForce } from '../plans/limits-in-force.js';
import type { NewApiKey } from './api-key-factory.js';

type FoundPrincipal = Omit<Principal, 'limits'> &
  Limits & { hash: Buffer; accountStatus: AccountStatus; expired: boolean };
/** A key with the account that it is of; `usable` while it is accepted. */
export type StoredKey = ApiKey & { accountId: string; usable: boolean };

/** Which keys are listed. */
export interface KeyPage {
  mode?: Mode;
  after?: string;
  first: number;
}

const instant = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const STORED = `id, account_id AS "accountId", mode, scopes, prefix, last_four AS "lastFour", successor,
  ${instant('created_at')} AS "createdAt", ${instant('expires_at')} AS "expiresAt",
  ${instant('last_used_at')} AS "lastUsedAt", ${instant('revoked_at')} AS "revokedAt",
  revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS usable`;

@Injectable()
export class ApiKeysRepository {
  constructor(private readonly database: Database) {}

  /** Who stands behind a key that is not revoked. */
  async findPrincipal(hash: Buffer): Promise<FoundPrincipal | undefined> {
    const [found] = await this.database.query<FoundPrincipal>(
      `SELECT accounts.id AS "accountId", accounts.status AS "accountStatus", accounts.plan,
         api_keys.id AS "keyId", api_keys.mode, api_keys.hash, api_keys.scopes,
         ${instant('api_keys.expires_at')} AS "keyExpiresAt", coalesce(api_keys.expires_at <= now(), false) AS expired,
         ${inForce}
       FROM api_keys JOIN accounts ON accounts.id = api_keys.account_id JOIN plans ON plans.name = accounts.plan
       WHERE api_keys.hash = $1 AND api_keys.revoked_at IS NULL`,
      [hash],
    );
    return found;
  }

  async find(id: string): Promise<StoredKey | undefined> {
    const [key] = await this.database.query<StoredKey>(`SELECT ${STORED} FROM api_keys WHERE id = $1`, [id]);
    return key;
  }

  /** As `find`, and nobody else changes it until the transaction ends. */
  async lock(tx: Queryable, id: string): Promise<StoredKey | undefined> {
    const [key] = await tx.query<StoredKey>(`SELECT ${STORED} FROM api_keys WHERE id = $1 FOR UPDATE`, [id]);
    return key;
  }

  /** The newest first, those behind `after`; without a mode, of both. */
  list(accountId: string, { mode, after, first }: KeyPage): Promise<StoredKey[]> {
    return this.database.query<StoredKey>(
      `SELECT ${STORED} FROM api_keys
       WHERE account_id = $1 AND ($2::text IS NULL OR mode = $2) AND ($3::text IS NULL OR id < $3)
       ORDER BY id DESC LIMIT $4`,
      [accountId, mode, after, first],
    );
  }

  /** How many it has that are accepted. */
  async countUsable(tx: Queryable, accountId: string): Promise<number> {
    const [row] = await tx.query<{ many: number }>(
      `SELECT count(*)::int AS many FROM api_keys
       WHERE account_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
      [accountId],
    );
    return row!.many;
  }

  async insert(tx: Queryable, accountId: string, key: NewApiKey): Promise<StoredKey> {
    const { id, mode, hash, prefix, lastFour, scopes, expiresAt } = key;
    const [stored] = await tx.query<StoredKey>(
      `INSERT INTO api_keys (id, account_id, mode, hash, prefix, last_four, scopes, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${STORED}`,
      [id, accountId, mode, hash, prefix, lastFour, scopes, expiresAt],
    );
    return stored!;
  }

  /** It expires after so many seconds, or when it would have in any case. */
  async replace(tx: Queryable, id: string, successor: string, overlapSeconds: number): Promise<StoredKey> {
    const [stored] = await tx.query<StoredKey>(
      `UPDATE api_keys SET successor = $2, expires_at = least(expires_at, now() + make_interval(secs => $3))
       WHERE id = $1 RETURNING ${STORED}`,
      [id, successor, overlapSeconds],
    );
    return stored!;
  }

  async revoke(tx: Queryable, id: string): Promise<StoredKey> {
    const [stored] = await tx.query<StoredKey>(
      `UPDATE api_keys SET revoked_at = now() WHERE id = $1 RETURNING ${STORED}`,
      [id],
    );
    return stored!;
  }

  /** All that are not revoked yet; their ids. */
  async revokeAll(tx: Queryable, accountId: string): Promise<string[]> {
    const revoked = await tx.query<{ id: string }>(
      'UPDATE api_keys SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL RETURNING id',
      [accountId],
    );
    return revoked.map(({ id }) => id);
  }

  /** At most once a minute a key, however many replicas tell. */
  async markUsed(ids: string[]): Promise<void> {
    await this.database.query(
      `UPDATE api_keys SET last_used_at = now()
       WHERE id = ANY ($1::text[]) AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      [ids],
    );
  }
}
