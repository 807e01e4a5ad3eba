import { type ContentType, catalog, generations } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider } from '../__fixtures__/manifests.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { CatalogueService } from './catalogue.service.js';

const BEAT_SECONDS = 600;
let own: TestGenerations;
const changes: string[] = [];

beforeAll(async () => {
  own = await startGenerations({ BEAT_SECONDS: String(BEAT_SECONDS), SWEEP_MS: '100' });
  own.bus.listen(catalog.changed, ({ family }) => void changes.push(family));
  await own.connection.flush();
});
afterAll(() => own.stop());
beforeEach(async () => {
  // Sweepers read these too: where it deadlocks with one, it is done again.
  await waitFor(() => own.sql('TRUNCATE workers, families'));
  await look();
  changes.length = 0;
});

/** What this replica knows is what there is in the database now. */
const look = () => own.service.app.get(CatalogueService).changed('nobody');
const candidates = (of = own.service) =>
  of.app.get(CatalogueService).candidates('IMAGE', 'live', { accountId: own.accountId, plan: 'PRO' });
const available = (of = own.service) =>
  candidates(of).map(({ provider, absence }) => [provider.id, absence?.because ?? 'there']);
const providers = async (type?: ContentType) =>
  (await own.ask(generations.providers, { type })).providers.map(({ id, available }) => [id, available]);
const etching = aFamily('printers', aProvider('etching', { type: 'IMAGE' }));
const live = { live: ['l'] };
/** As if each worker had been heard of so many beats earlier. */
const silent = (beats: number) =>
  own.sql('UPDATE workers SET beat_at = beat_at - make_interval(secs => $1)', [beats * BEAT_SECONDS]);

it('a family that a worker announces is there at once, for the modes that it has credentials for', async () => {
  expect(await own.announce(etching, 'printer', { test: ['t'] })).toEqual({ beatSeconds: BEAT_SECONDS });
  expect(available()).toEqual([['etching', 'no credential for live keys']]);
  await own.announce(etching, 'second printer', live);
  expect(available()).toEqual([['etching', 'there']]);
  expect(candidates()[0]).toMatchObject({ family: 'printers', model: { id: 'etching-1' } });
  expect(await providers('IMAGE')).toEqual([['etching', true]]);
  expect(await providers()).toContainEqual(['etching', true]);
});

it('beats change nothing, and a new manifest is told to all', async () => {
  await own.announce(etching, 'printer', live);
  await own.announce(etching, 'printer', live);
  const more = aFamily('printers', aProvider('etching', { type: 'IMAGE' }), aProvider('woodcut', { type: 'IMAGE' }));
  const replica = await own.startReplica();
  await own.announce(more, 'printer', live);
  for (const one of [own.service, replica]) {
    await waitFor(() =>
      expect(available(one)).toEqual([
        ['etching', 'there'],
        ['woodcut', 'there'],
      ]),
    );
  }
  await replica.stop();
  await own.announce(aFamily('sketchers', aProvider('pencil')), 'last', live);
  await waitFor(() => expect(changes).toContain('sketchers'));
  expect(changes).toEqual(['printers', 'printers', 'sketchers']);
});

it('a replica knows the catalogue when it answers its first request', async () => {
  await own.announce(etching, 'printer', live);
  const replica = await own.startReplica();
  expect(available(replica)).toEqual([['etching', 'there']]);
  await replica.stop();
});

it('what no worker serves stays in the catalogue, and is not available', async () => {
  await own.announce(etching, 'printer', live);
  await own.ask(catalog.leave, { workerId: 'printer' });
  await waitFor(() => expect(available()).toEqual([['etching', 'no live worker']]));
  expect(await providers('IMAGE')).toEqual([['etching', false]]);
});

it('a worker that beats is available however long, and one that misses three beats is gone', async () => {
  for (let beats = 0; beats < 4; beats++) {
    await own.announce(etching, 'printer', live);
    await silent(2.5);
    await look();
    expect(available()).toEqual([['etching', 'there']]);
  }
  await silent(0.5);
  await waitFor(() => expect(available()).toEqual([['etching', 'no live worker']]));
});

it('a manifest whose option schema cannot be used is refused, naming the model', async () => {
  await own.announce(etching, 'printer', live);
  const broken = aProvider('lino', {
    type: 'IMAGE',
    models: [aModel('lino-1', { options: { type: 'no such type' } })],
  });
  await expect(own.announce(aFamily('printers', broken), 'second printer')).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('lino (lino-1)'),
  });
  await look();
  expect(available()).toEqual([['etching', 'there']]);
});
