import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { GenerationsService } from './generations.service.js';

let own: TestGenerations;
beforeAll(async () => {
  own = await startGenerations();
});
afterAll(() => own?.stop());

it('a read that the database refuses fails alone, and those that share its statement are answered', async () => {
  const { id } = await own.create();
  // As it comes to the service, where the edge has nothing against it.
  const read = (wanted: string) =>
    own.service.app
      .get(GenerationsService)
      .get({ accountId: own.accountId, mode: 'test' }, wanted)
      .then(
        (generation) => generation.id,
        () => 'failed',
      );
  const wanted = Array.from({ length: 100 }, (_, n) => (n % 10 === 7 ? `gen_\0${n}` : id));
  const outcomes = await Promise.all(wanted.map(read));
  expect(outcomes).toEqual(wanted.map((one) => (one === id ? id : 'failed')));
});
