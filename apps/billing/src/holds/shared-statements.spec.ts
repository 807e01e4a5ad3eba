import type { RunningService } from '@doitong/service-kit';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';
import { HoldsService } from './holds.service.js';

let own: TestBilling;
let service: RunningService;
beforeAll(async () => {
  own = await startBilling();
  service = await own.startReplica();
});
afterAll(() => own?.stop());

/** As it comes to the service, where the edge has nothing against it. */
const hold = (generationId: string, accountId: string) =>
  service.app
    .get(HoldsService)
    .hold({ generationId, accountId, credits: 10 })
    .then(
      () => 'held',
      () => 'failed',
    );

it('a hold that the database refuses fails alone: those that share its statement are placed, and each once', async () => {
  const [accountId, other] = [await own.account(1_000), await own.account(1_000)];
  const asked = Array.from({ length: 20 }, (_, n) =>
    hold(n % 5 === 3 ? `gen_\0${n}` : own.ids.next('gen'), n < 10 ? accountId : other),
  );
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, (_, n) => (n % 5 === 3 ? 'failed' : 'held')));
  const balances = 'SELECT available, held FROM accounts WHERE id = ANY ($1)';
  expect(await own.sql(balances, [[accountId, other]])).toEqual(Array(2).fill({ available: 920, held: 80 }));
});

it('a hold that cannot be released does not keep the other orphans of its sweep', async () => {
  const accountId = await own.account(1_000);
  const orphans = Array.from({ length: 4 }, () => own.ids.next('gen'));
  for (const id of orphans) expect(await hold(id, accountId)).toBe('held');
  await own.sql(`ALTER TABLE holds ADD CONSTRAINT stuck CHECK (generation_id <> '${orphans[1]}' OR status = 'OPEN')`);
  await service.app.get(HoldsService).releaseOrphans(orphans);
  const open = `SELECT generation_id AS id FROM holds WHERE account_id = $1 AND status = 'OPEN'`;
  expect(await own.sql(open, [accountId])).toEqual([{ id: orphans[1] }]);
  await own.sql('ALTER TABLE holds DROP CONSTRAINT stuck');
});
