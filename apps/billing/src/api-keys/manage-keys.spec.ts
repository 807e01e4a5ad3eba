import { admin, billing, MOST_KEYS, type ReplyOf, type Scope } from '@doitong/contracts';
import { eventually, waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling({ SWEEP_MS: '50' });
});
afterAll(() => service.stop());

const refused = (code: string) => ({ code });
const listed = async (accountId: string) => (await service.ask(admin.key.list, { accountId })).keys;
const auditOf = async (target: string) => (await service.ask(admin.billingAudit, { target, first: 10 })).entries;
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

describe('an operator', () => {
  it('issues a key with the scopes and the end that are wanted; its secret is told once and stored nowhere', async () => {
    const { accountId } = await service.create();
    const expiresAt = inSeconds(3_600);
    const wanted = { accountId, mode: 'live' as const, scopes: ['read', 'generate'] as Scope[], expiresAt };
    const { key, secret } = await service.ask(admin.key.issue, wanted);
    expect(secret).toMatch(/^dt_live_[A-Za-z0-9_-]{32}$/);
    expect(await service.authenticate(secret)).toMatchObject({
      keyId: key.id,
      scopes: ['read', 'generate'],
      keyExpiresAt: expiresAt,
    });
    const told = JSON.stringify([await listed(accountId), await auditOf(key.id)]);
    expect(told).toContain(secret.slice(0, 12));
    expect(told).toContain(secret.slice(-4));
    expect(told).not.toContain(secret.slice(12, -4));
  });

  it('cannot issue a key that is expired already, nor one for an account that is closed or unknown', async () => {
    const { accountId } = await service.create();
    const issue = (of: string, expiresAt?: string) =>
      service.ask(admin.key.issue, { accountId: of, mode: 'test', expiresAt });
    await expect(issue(accountId, inSeconds(-1))).rejects.toMatchObject(refused('INVALID_INPUT'));
    await service.ask(admin.accountClose, { accountId });
    await expect(issue(accountId)).rejects.toMatchObject(refused('FORBIDDEN'));
    await expect(issue(service.ids.next('acc'))).rejects.toMatchObject(refused('NOT_FOUND'));
  });

  it('rotates a key: both secrets serve during the overlap, a day unless told otherwise, then the new one alone', async () => {
    const { accountId, liveKey } = await service.create();
    const { keyId } = await service.authenticate(liveKey);
    const first = await service.ask(admin.key.rotate, { keyId });
    expect(first.key).toMatchObject({ mode: 'live', expiresAt: null, successor: null });
    expect((await service.authenticate(first.secret)).keyId).toBe(first.key.id);
    const old = await service.authenticate(liveKey);
    const leftMs = Date.parse(old.keyExpiresAt!) - Date.now();
    expect(leftMs).toBeGreaterThan(86_000_000);
    expect(leftMs).toBeLessThanOrEqual(86_400_000);

    const second = await service.ask(admin.key.rotate, { keyId: first.key.id, overlapSeconds: 0 });
    await expect(service.authenticate(first.secret)).rejects.toMatchObject(refused('UNAUTHENTICATED'));
    await service.authenticate(second.secret);
    const replaced = (await listed(accountId)).find(({ id }) => id === keyId);
    expect(replaced).toMatchObject({ successor: first.key.id, revokedAt: null });
  });

  it('rotates no key twice, nor one that is not accepted any more', async () => {
    const { testKey, liveKey } = await service.create();
    const { keyId } = await service.authenticate(testKey);
    const both = await Promise.allSettled([1, 2].map(() => service.ask(admin.key.rotate, { keyId })));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(service.ask(admin.key.rotate, { keyId })).rejects.toMatchObject(refused('INVALID_INPUT'));
    const revoked = (await service.authenticate(liveKey)).keyId;
    await service.ask(admin.key.revoke, { keyId: revoked });
    await expect(service.ask(admin.key.rotate, { keyId: revoked })).rejects.toMatchObject(refused('NOT_FOUND'));
  });

  it('revokes a key: it is refused from then on, and every replica that knows keys is told, also by a repeat', async () => {
    const { accountId, testKey, liveKey } = await service.create();
    const { keyId } = await service.authenticate(testKey);
    const heard: string[] = [];
    service.bus.listen(billing.keysChanged, (change) => heard.push(change.accountId));
    await service.bus.connection.flush();
    const before = Date.now();
    const { key } = await service.ask(admin.key.revoke, { keyId });
    expect(Date.parse(key.revokedAt!)).toBeGreaterThan(before - 1_000);
    await expect(service.authenticate(testKey)).rejects.toMatchObject(refused('UNAUTHENTICATED'));
    await service.authenticate(liveKey);
    expect(await service.ask(admin.key.revoke, { keyId })).toMatchObject({ key: { revokedAt: key.revokedAt } });
    expect(heard).toEqual([accountId, accountId]);
    expect(await auditOf(keyId)).toHaveLength(1);
  });

  it('is told when a key was last used, which is written at most once a minute', async () => {
    const { accountId, testKey, liveKey } = await service.create();
    const use = async () => (await service.authenticate(testKey)).keyId;
    const lastUse = async (id: string) => (await listed(accountId)).find((key) => key.id === id)?.lastUsedAt;
    const keyId = await use();
    const first = await eventually(() => lastUse(keyId));
    await use();
    // The use of another key, which came later, is written at the latest together with this one.
    const { keyId: other } = await service.authenticate(liveKey);
    await eventually(() => lastUse(other));
    expect(await lastUse(keyId)).toBe(first);
    const minuteAgo = `UPDATE api_keys SET last_used_at = last_used_at - interval '61 seconds' WHERE id = $1`;
    await service.sql(minuteAgo, [keyId]);
    await use();
    await waitFor(async () => expect(Date.parse((await lastUse(keyId))!)).toBeGreaterThanOrEqual(Date.parse(first)));
  });
});

describe('an account holder, by a key', () => {
  it('issues, rotates and revokes keys of the account, and the audit names the key that did it', async () => {
    const { accountId, liveKey } = await service.create();
    const { keyId: by } = await service.authenticate(liveKey);
    const { key, secret } = await service.ask(billing.key.issue, { by, mode: 'test', scopes: ['read'] });
    expect(await service.authenticate(secret)).toMatchObject({ accountId, mode: 'test', scopes: ['read'] });
    const rotated = await service.ask(billing.key.rotate, { by, keyId: key.id, overlapSeconds: 60 });
    await service.ask(billing.key.revoke, { by, keyId: key.id });
    await expect(service.authenticate(secret)).rejects.toMatchObject(refused('UNAUTHENTICATED'));
    const { keys } = await service.ask(billing.key.list, { by });
    expect(keys.map(({ id }) => id)).toEqual(expect.arrayContaining([by, key.id, rotated.key.id]));
    expect(await auditOf(key.id)).toMatchObject([
      { action: 'key.revoke', actor: by, before: { revokedAt: null }, after: { revokedAt: expect.any(String) } },
      { action: 'key.rotate', actor: by, after: { successor: rotated.key.id } },
      { action: 'key.issue', actor: by, before: null, after: { scopes: ['read'] } },
    ]);
  });

  it('gives no key more than the acting one has: scopes, mode and time', async () => {
    const { accountId, testKey, liveKey } = await service.create();
    const expiresAt = inSeconds(3_600);
    const weak = await service.ask(admin.key.issue, {
      accountId,
      mode: 'live',
      scopes: ['billing', 'read'],
      expiresAt,
    });
    const issue = (by: string, wanted: object) => service.ask(billing.key.issue, { by, mode: 'live', ...wanted });
    const refusal = refused('FORBIDDEN');
    await expect(issue(weak.key.id, { scopes: ['generate'] })).rejects.toMatchObject(refusal);
    await expect(issue(weak.key.id, { expiresAt: inSeconds(7_200) })).rejects.toMatchObject(refusal);
    const { keyId: strong } = await service.authenticate(liveKey);
    await expect(service.ask(billing.key.rotate, { by: weak.key.id, keyId: strong })).rejects.toMatchObject(refusal);
    const { keyId: test } = await service.authenticate(testKey);
    await expect(issue(test, {})).rejects.toMatchObject(refusal);
    await expect(service.ask(billing.key.revoke, { by: test, keyId: strong })).rejects.toMatchObject(
      refused('NOT_FOUND'),
    );
    expect((await issue(weak.key.id, {})).key).toMatchObject({ scopes: ['billing', 'read'], expiresAt });
  });

  it('sees and changes no key of another account', async () => {
    const [own, other] = await Promise.all([service.create(), service.create()]);
    const { keyId: by } = await service.authenticate(own.liveKey);
    const { keyId } = await service.authenticate(other.liveKey);
    for (const message of [billing.key.revoke, billing.key.rotate]) {
      await expect(service.ask(message, { by, keyId })).rejects.toMatchObject(refused('NOT_FOUND'));
    }
    const { keys } = await service.ask(billing.key.list, { by });
    expect(keys.map(({ id }) => id)).not.toContain(keyId);
    await service.authenticate(other.liveKey);
  });

  it('by a test key sees test keys alone, and can neither rotate nor revoke a live one', async () => {
    const { testKey, liveKey } = await service.create();
    const [{ keyId: test }, { keyId: live }] = [
      await service.authenticate(testKey),
      await service.authenticate(liveKey),
    ];
    const idsBy = async (by: string) => (await service.ask(billing.key.list, { by })).keys.map(({ id }) => id);
    expect(await idsBy(test)).toEqual([test]);
    expect(new Set(await idsBy(live))).toEqual(new Set([test, live]));
    for (const message of [billing.key.rotate, billing.key.revoke]) {
      await expect(service.ask(message, { by: test, keyId: live })).rejects.toMatchObject(refused('NOT_FOUND'));
    }
    await service.authenticate(liveKey);
    await service.ask(billing.key.revoke, { by: live, keyId: test });
    await expect(service.authenticate(testKey)).rejects.toMatchObject(refused('UNAUTHENTICATED'));
  });

  it('finds each key of the account, page by page', async () => {
    const { liveKey } = await service.create();
    const { keyId: by } = await service.authenticate(liveKey);
    for (let n = 0; n < 5; n++) await service.ask(billing.key.issue, { by, mode: 'test' });
    const found: string[] = [];
    for (let more: boolean | undefined = true; more; ) {
      const page: ReplyOf<typeof billing.key.list> = await service.ask(billing.key.list, {
        by,
        first: 3,
        ...(found.length > 0 ? { after: found.at(-1)! } : {}),
      });
      found.push(...page.keys.map(({ id }) => id));
      more = page.more;
    }
    expect(found).toHaveLength(7);
    expect([...found].sort().reverse()).toEqual(found);
    expect(found).toContain(by);
  });

  it('has no more keys at once than can be looked through, however many are asked for at the same time; each can still be rotated', async () => {
    const { accountId, liveKey } = await service.create();
    const { keyId: by } = await service.authenticate(liveKey);
    const issue = () => service.ask(billing.key.issue, { by, mode: 'live' });
    const outcomes = await Promise.allSettled(Array.from({ length: 120 }, issue));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST_KEYS - 2);
    const full = { code: 'RATE_LIMIT', body: { limit: 'api_keys' } };
    await expect(issue()).rejects.toMatchObject(full);
    await expect(service.ask(admin.key.issue, { accountId, mode: 'test' })).rejects.toMatchObject(full);
    const rotated = await service.ask(billing.key.rotate, { by, keyId: by });
    const others = (await listed(accountId)).filter(({ id }) => id !== by && id !== rotated.key.id);
    for (const { id } of others.slice(0, 2)) await service.ask(billing.key.revoke, { by: rotated.key.id, keyId: id });
    const { key } = await service.ask(billing.key.issue, { by: rotated.key.id, mode: 'live' });
    expect(key.revokedAt).toBeNull();
  }, 60_000);
});
