import { billing, generations, rateLimit } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aPrincipal } from '../__fixtures__/messages.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => {
  gateway.reset();
  gateway.answer(billing.account, () => account);
});

const account = { id: aPrincipal().accountId, name: 'Acme', plan: 'PRO', credits: 2 ** 53 - 1, held: 120 } as const;

it('account tells the credits of the key’s own account, however many they are', async () => {
  for (let time = 1; time <= 3; time++) {
    const { body } = await gateway.post('{ account { id name plan credits held } }');
    expect(body).toEqual({ data: { account } });
  }
  expect(gateway.asked(billing.account)[0]?.body).toEqual({ accountId: account.id });
});

it('account tells its limits and what is used of them; usage is asked for only where it is wanted', async () => {
  const limits = { requestsPerMinute: 120, concurrent: 40, perDay: null };
  const usage = {
    requestsThisMinute: 7,
    concurrent: 3,
    generationsToday: 150,
    resetsAt: '2025-02-01T00:00:00.000Z',
  };
  gateway.answer(billing.authenticate, () => aPrincipal({ limits }));
  gateway.answer(rateLimit.usage, () => usage);
  const headers = { authorization: `Bearer ${gateway.newKey()}` };
  const ask = async (fields: string) => (await gateway.post(`{ account { ${fields} } }`, { headers })).body;

  const LIMITS = 'limits { requestsPerMinute concurrent perDay }';
  expect(await ask(LIMITS)).toEqual({ data: { account: { limits } } });
  expect(gateway.asked(rateLimit.usage)).toEqual([]);
  const both = await ask(`${LIMITS} usage { requestsThisMinute concurrent generationsToday resetsAt }`);
  expect(both).toEqual({ data: { account: { limits, usage } } });
  expect(gateway.asked(rateLimit.usage).map(({ body }) => body)).toEqual([{ accountId: aPrincipal().accountId }]);
});

it('account tells its grants, and its transactions page by page', async () => {
  const createdAt = '2025-01-31T12:00:00.000Z';
  const grant = { kind: 'PROMOTION' as const, credits: 500, remaining: 20, priority: 10, expiresAt: null, createdAt };
  gateway.answer(billing.grants, () => ({ grants: [{ id: 7, reference: 'welcome', ...grant }] }));
  const capture = { kind: 'CAPTURE' as const, reference: 'gen_1', credits: -480, reason: null, createdAt };
  gateway.answer(billing.transactions, ({ after }) => ({
    transactions: [{ id: after === undefined ? 41 : 40, ...capture }],
    more: after === undefined,
  }));
  const TRANSACTIONS =
    'edges { node { id kind reference credits reason createdAt } } pageInfo { hasNextPage endCursor }';
  const first = await gateway.post(
    `{ account { grants { id kind credits remaining priority expiresAt createdAt } transactions(first: 1) { ${TRANSACTIONS} } } }`,
  );
  const { grants, transactions } = first.body.data.account;
  expect(grants).toEqual([{ id: '7', ...grant }]);
  expect(transactions.edges).toEqual([{ node: { id: '41', ...capture } }]);
  const after = transactions.pageInfo.endCursor;
  const second = await gateway.post(`{ account { transactions(first: 1, after: "${after}") { ${TRANSACTIONS} } } }`);
  expect(second.body.data.account.transactions).toMatchObject({
    edges: [{ node: { id: '40' } }],
    pageInfo: { hasNextPage: false },
  });
  expect(gateway.asked(billing.transactions).at(-1)?.body).toEqual({ accountId: account.id, first: 1, after: 41 });
});

it('account tells what it spent in a period, by model or by day, and nothing of what vendors charge', async () => {
  const byModel = [{ provider: 'flux-dev', model: 'flux-dev', generations: 2, credits: 100 }];
  const byDay = [{ day: '2025-01-31', generations: 2, credits: 100 }];
  gateway.answer(generations.spending, ({ by }) => ({ rows: by === 'model' ? byModel : byDay }));
  const from = '2025-01-01T00:00:00.000Z';
  const askedAt = Date.now();
  const { body } = await gateway.post(
    `{ account {
      byModel: spending(from: "2025-01-01T01:00:00+01:00", to: "2025-02-01T00:00:00Z", by: MODEL) { provider model day generations credits }
      byDay: spending(from: "${from}", by: DAY) { provider model day generations credits }
    } }`,
  );
  expect(body).toEqual({
    data: {
      account: {
        byModel: [{ ...byModel[0], day: null }],
        byDay: [{ ...byDay[0], provider: null, model: null }],
      },
    },
  });
  const [first, second] = gateway.asked(generations.spending).map((one) => one.body);
  expect(first).toEqual({ accountId: account.id, by: 'model', from, to: '2025-02-01T00:00:00.000Z' });
  expect(second).toMatchObject({ by: 'day', from });
  expect(Date.parse(second!.to)).toBeGreaterThanOrEqual(askedAt);
  expect(Date.parse(second!.to)).toBeLessThanOrEqual(Date.now());
});
