import { type ApiKey, billing, DoitongError } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aPrincipal } from '../__fixtures__/messages.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.reset());

const { keyId: by } = aPrincipal();
const key: ApiKey = {
  id: `key_${'1'.repeat(32)}`,
  mode: 'live',
  scopes: ['read', 'billing'],
  prefix: 'dt_live_abcd',
  lastFour: 'wxyz',
  createdAt: '2025-01-31T12:00:00.000Z',
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  successor: null,
};
const KEY = 'id mode scopes prefix lastFour createdAt expiresAt lastUsedAt revokedAt successor';
const shown = { ...key, mode: 'LIVE', scopes: ['READ', 'BILLING'] };

it('a key manages the keys of its account: billing is told which key asks', async () => {
  const issued = { key, secret: 'dt_live_secret' };
  gateway.answer(billing.key.list, () => ({ keys: [key] }));
  gateway.answer(billing.key.issue, () => issued);
  gateway.answer(billing.key.rotate, () => issued);
  gateway.answer(billing.key.revoke, () => ({ key }));
  expect((await gateway.post(`{ apiKeys { ${KEY} } }`)).body).toEqual({ data: { apiKeys: [shown] } });
  const input = '{ mode: LIVE, scopes: [READ, BILLING, READ], expiresAt: "2030-01-01T00:00:00Z" }';
  const create = `mutation { apiKeyCreate(input: ${input}) { secret key { ${KEY} } } }`;
  expect((await gateway.post(create)).body).toEqual({ data: { apiKeyCreate: { secret: issued.secret, key: shown } } });
  await gateway.post(`mutation { apiKeyRotate(id: "${key.id}", overlapSeconds: 60) { secret } }`);
  await gateway.post(`mutation { apiKeyRevoke(id: "${key.id}") { revokedAt } }`);
  const asked = (message: Parameters<Gateway['asked']>[0]) => gateway.asked(message).map(({ body }) => body);
  expect(asked(billing.key.list)).toEqual([{ by }]);
  const expiresAt = '2030-01-01T00:00:00.000Z';
  expect(asked(billing.key.issue)).toEqual([{ by, mode: 'live', scopes: ['read', 'billing'], expiresAt }]);
  expect(asked(billing.key.rotate)).toEqual([{ by, keyId: key.id, overlapSeconds: 60 }]);
  expect(asked(billing.key.revoke)).toEqual([{ by, keyId: key.id }]);
});

it('a refusal of billing is told, and what cannot be is not asked', async () => {
  gateway.answer(billing.key.rotate, () => {
    throw new DoitongError('FORBIDDEN', 'A key manages keys within its own powers only.');
  });
  const rotate = async (args: string) =>
    (await gateway.post(`mutation { apiKeyRotate(${args}) { secret } }`)).body.errors[0].extensions;
  expect(await rotate(`id: "${key.id}"`)).toMatchObject({ code: 'FORBIDDEN' });
  expect(await rotate('id: "other"')).toMatchObject({ code: 'NOT_FOUND', field: 'id' });
  expect(await rotate(`id: "${key.id}", overlapSeconds: -1`)).toMatchObject({
    code: 'INVALID_INPUT',
    field: 'overlapSeconds',
  });
  expect(gateway.asked(billing.key.rotate)).toHaveLength(1);
});

it('a key without the scope billing manages none, and sees neither grants nor transactions', async () => {
  gateway.answer(billing.authenticate, () => aPrincipal({ scopes: ['generate', 'read', 'webhooks'] }));
  const headers = { authorization: `Bearer ${gateway.newKey()}` };
  for (const query of [
    '{ apiKeys { id } }',
    '{ account { grants { id } } }',
    '{ account { transactions { edges { cursor } } } }',
  ]) {
    expect(await gateway.post(query, { headers })).toMatchObject({
      status: 403,
      body: { errors: [{ extensions: { code: 'FORBIDDEN', scope: 'billing' } }] },
    });
  }
});
