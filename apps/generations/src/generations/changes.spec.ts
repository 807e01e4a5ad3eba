import { type BodyOf, generations } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Ids, reportsTo } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { GenerationsService } from './generations.service.js';

let own: TestGenerations;
let reports: ReturnType<typeof reportsTo>;

beforeAll(async () => {
  own = await startGenerations();
  reports = reportsTo(own);
});
afterAll(() => own.stop());
beforeEach(() => own.clear());

/** The versions that are told of one generation from now on. */
async function listen({ id }: Pick<Ids, 'id'>) {
  const told: number[] = [];
  own.bus.listen(generations.changed(id), ({ version }: BodyOf<ReturnType<typeof generations.changed>>) => {
    told.push(version);
  });
  await own.connection.flush();
  return told;
}

it.each([
  ['completion', (ids: Ids) => reports.completed(ids)],
  ['failure', (ids: Ids) => reports.failed(ids)],
  ['cancellation', (ids: Ids) => reports.cancel(ids)],
])('each change up to a %s is told once, with the version that it made', async (_what, end) => {
  const ids = await own.accepted();
  const told = await listen(ids);
  await reports.begin(ids);
  await reports.submitted(ids);
  for (const percent of [10, 10, 40, 30]) await reports.progress(ids, percent);
  await reports.progress(ids, 90, 'two');
  await end(ids);
  await end(ids);
  const { version } = await reports.get(ids);
  await waitFor(() => expect(told.at(-1)).toBe(version));
  expect(told).toEqual([2, 3, 4, 5]);
});

it('one that runs out of time is told of too, and only to those who watch it', async () => {
  const [ids, other] = [await reports.running(), await reports.running()];
  const [told, toldOfOther] = [await listen(ids), await listen(other)];
  await own.sql(`UPDATE generations SET deadline_at = now() - interval '1 s' WHERE id = $1`, [ids.id]);
  await own.service.app.get(GenerationsService).failOverdue();
  await waitFor(() => expect(told).toEqual([3]));
  // This comes behind whatever was told before it.
  await reports.progress(other, 10);
  await reports.progress(other, 20);
  await waitFor(() => expect(toldOfOther.at(-1)).toBe(4));
  expect(toldOfOther).toEqual([3, 4]);
  expect(told).toEqual([3]);
});
