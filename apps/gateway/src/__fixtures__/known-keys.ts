import { billing } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { expect } from '@jest/globals';
import type { Gateway } from './gateway.js';
import { aPrincipal } from './messages.js';

const OTHER_ACCOUNT = `acc_${'9'.repeat(32)}`;

/**
 * Has something acted upon while what the gateway knew before that is known still: so it was not merely forgotten, as it is after 5 s. Who acts
 * finds `aPrincipal` behind every key. Where the machine took longer than that, it is done once more, as nothing can be told then.
 */
export async function whileKeysAreKnown(gateway: Gateway, act: () => Promise<void>): Promise<void> {
  await waitFor(async () => {
    const headers = { authorization: `Bearer ${gateway.newKey()}` };
    const lookUps = async () => {
      await gateway.post('{ __typename }', { headers });
      return gateway.asked(billing.authenticate).length;
    };
    gateway.answer(billing.authenticate, () => aPrincipal({ accountId: OTHER_ACCOUNT }));
    await lookUps();
    gateway.answer(billing.authenticate, () => aPrincipal());
    await act();
    const before = gateway.asked(billing.authenticate).length;
    expect(await lookUps()).toBe(before);
  });
}
