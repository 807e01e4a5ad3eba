import {
  type ApiKey,
  type adminKeys,
  DoitongError,
  invalidInput,
  MOST_KEYS,
  type ownKeys,
  type ReplyOf,
  type RequestOf,
} from '@doitong/contracts';
import { Clock, Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountsRepository } from '../accounts/accounts.repository.js';
import { ApiKeyFactory, allPowers, type Powers } from './api-key-factory.js';
import { ApiKeysRepository, type KeyPage, type StoredKey } from './api-keys.repository.js';
import { KeyChanges } from './key-changes.js';
import { keepWithin } from './powers.js';

type Issued = ReplyOf<typeof adminKeys.issue>;
type Listed = ReplyOf<typeof adminKeys.list>;
type Wanted = Pick<Powers, 'mode'> & Partial<Pick<Powers, 'scopes'>> & { expiresAt?: string };

const A_DAY = 86_400;

/** Issues, rotates and revokes. `by` is the key that does it, within its own powers; without one, it is an operator. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly accounts: AccountsRepository,
    private readonly factory: ApiKeyFactory,
    private readonly changes: KeyChanges,
    private readonly clock: Clock,
  ) {}

  /** NOT_FOUND, FORBIDDEN, INVALID_INPUT. */
  async issue(accountId: string, { mode, ...wanted }: Wanted, by?: StoredKey): Promise<Issued> {
    const own = by ?? allPowers(mode);
    const powers = {
      mode,
      scopes: distinct(wanted.scopes ?? own.scopes),
      expiresAt: wanted.expiresAt ?? own.expiresAt,
    };
    if (powers.expiresAt && Date.parse(powers.expiresAt) <= this.clock.now().getTime()) {
      throw invalidInput('expiresAt', 'A key cannot expire in the past.');
    }
    if (by) keepWithin(by, powers);
    const made = this.factory.make(powers);
    const stored = await this.database.transaction(async (tx) => {
      const status = await this.accounts.lockStatus(tx, accountId);
      if (!status) throw new DoitongError('NOT_FOUND', 'There is no such account.');
      if (status === 'CLOSED') throw new DoitongError('FORBIDDEN', 'This account is closed.');
      await this.refuseTooMany(tx, accountId);
      const key = await this.keys.insert(tx, accountId, made.key);
      await audit(tx, 'key.issue', by, undefined, key);
      return key;
    });
    return { key: told(stored), secret: made.secret };
  }

  /** The newest first. NOT_FOUND. */
  async list(accountId: string, { first, ...page }: KeyPage): Promise<Listed> {
    const keys = await this.keys.list(accountId, { ...page, first: first + 1 });
    if (keys.length === 0 && !(await this.accounts.find(accountId))) {
      throw new DoitongError('NOT_FOUND', 'There is no such account.');
    }
    return { keys: keys.slice(0, first).map(told), more: keys.length > first };
  }

  /** As the key that asks may know them: a test key test keys. Without `first`, as many as there may be. */
  async listOwn({ by, first = MOST_KEYS, after }: RequestOf<typeof ownKeys.list>): Promise<Listed> {
    const { accountId, mode } = await this.acting(by);
    return this.list(accountId, { first, after, mode: mode === 'test' ? mode : undefined });
  }

  /** NOT_FOUND, FORBIDDEN, INVALID_INPUT. */
  async rotate(keyId: string, overlapSeconds = A_DAY, by?: StoredKey): Promise<Issued> {
    const issued = await this.database.transaction(async (tx) => {
      // The account before its key, as whoever closes an account does.
      const found = await this.keys.find(keyId);
      if (found) await this.accounts.lockStatus(tx, found.accountId);
      const old = await this.lock(tx, keyId, by);
      if (!old.usable) throw notFound();
      if (old.successor) throw invalidInput('keyId', 'This key was rotated already.', [old.successor]);
      // An account that is full may still rotate each of its keys.
      await this.refuseTooMany(tx, old.accountId, 2 * MOST_KEYS);
      const { key, secret } = this.factory.make(old);
      const stored = await this.keys.insert(tx, old.accountId, key);
      const replaced = await this.keys.replace(tx, keyId, key.id, overlapSeconds);
      await audit(tx, 'key.rotate', by, old, replaced);
      return { key: stored, secret };
    });
    await this.changes.tell(issued.key.accountId);
    return { key: told(issued.key), secret: issued.secret };
  }

  /** NOT_FOUND, FORBIDDEN. */
  async revoke(keyId: string, by?: StoredKey): Promise<ApiKey> {
    const revoked = await this.database.transaction(async (tx) => {
      const key = await this.lock(tx, keyId, by);
      if (key.revokedAt) return key;
      const now = await this.keys.revoke(tx, keyId);
      await audit(tx, 'key.revoke', by, key, now);
      return now;
    });
    // A repeat tells again: the first may have died between its commit and its broadcast.
    await this.changes.tell(revoked.accountId);
    return told(revoked);
  }

  /** The key by which an account holder asks. UNAUTHENTICATED when it is not accepted any more. */
  async acting(keyId: string): Promise<StoredKey> {
    const key = await this.keys.find(keyId);
    if (!key?.usable) throw new DoitongError('UNAUTHENTICATED', 'This API key is not valid.');
    return key;
  }

  /** The caller holds the account, so that no two come to be the last one. */
  private async refuseTooMany(tx: Queryable, accountId: string, most = MOST_KEYS): Promise<void> {
    if ((await this.keys.countUsable(tx, accountId)) < most) return;
    const message = `An account may have ${most} API keys that are neither revoked nor expired.`;
    throw new DoitongError('RATE_LIMIT', message, { limit: 'api_keys' });
  }

  private async lock(tx: Queryable, keyId: string, by: StoredKey | undefined): Promise<StoredKey> {
    const key = await this.keys.lock(tx, keyId);
    if (!key || (by && (key.accountId !== by.accountId || !mayKnow(by, key)))) throw notFound();
    if (by && by.id !== key.id) keepWithin(by, key);
    return key;
  }
}

const notFound = () => new DoitongError('NOT_FOUND', 'There is no such API key.');
/** To a test key there are no live keys; a live key manages both. */
const mayKnow = (by: StoredKey, { mode }: StoredKey) => by.mode === 'live' || mode === 'test';
const distinct = <T>(all: T[]): T[] => [...new Set(all)];
const told = ({ accountId: _, usable: __, ...key }: StoredKey): ApiKey => key;

async function audit(
  tx: Queryable,
  action: string,
  by: StoredKey | undefined,
  before: StoredKey | undefined,
  after: StoredKey,
): Promise<void> {
  await writeAudit(tx, {
    action,
    target: after.id,
    accountId: after.accountId,
    before: before && told(before),
    after: told(after),
    ...(by ? { actor: by.id } : {}),
  });
}
