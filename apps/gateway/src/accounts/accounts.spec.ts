import { billing } from '@doitong/contracts';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aPrincipal } from '../__fixtures__/messages.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

it('account tells the credits of the key’s own account, however many they are', async () => {
  const account = { id: aPrincipal().accountId, name: 'Acme', plan: 'PRO', credits: 2 ** 53 - 1, held: 120 } as const;
  gateway.answer(billing.account, () => account);
  for (let time = 1; time <= 3; time++) {
    const { body } = await gateway.post('{ account { id name plan credits held } }');
    expect(body).toEqual({ data: { account } });
  }
  expect(gateway.asked(billing.account)[0]?.body).toEqual({ accountId: account.id });
});
