import { type ContentType, catalog, generations } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider } from '../__fixtures__/manifests.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { CatalogueService } from './catalogue.service.js';

const BEAT_SECONDS = 0.6;
let own: TestGenerations;
const changes: string[] = [];

beforeAll(async () => {
  own = await startGenerations({ BEAT_SECONDS: String(BEAT_SECONDS), SWEEP_MS: '100' });
  own.bus.listen(catalog.changed, ({ family }) => void changes.push(family));
  await own.connection.flush();
});
afterAll(() => own.stop());

const candidates = (of = own.service) =>
  of.app.get(CatalogueService).candidates('IMAGE', 'live', { accountId: own.accountId, plan: 'PRO' });
const available = (of = own.service) =>
  candidates(of).map(({ provider, absence }) => [provider.id, absence?.because ?? 'there']);
const providers = async (type?: ContentType) =>
  (await own.bus.request(generations.providers, { type })).providers.map(({ id, available }) => [id, available]);
const etching = aFamily('printers', aProvider('etching', { type: 'IMAGE' }));

it('a family that a worker announces is there at once, for the modes that it has credentials for', async () => {
  expect(await own.announce(etching, 'printer', { test: ['t'] })).toEqual({ beatSeconds: BEAT_SECONDS });
  expect(available()).toEqual([['etching', 'no credential for live keys']]);
  await own.announce(etching, 'second printer', { live: ['l'] });
  expect(available()).toEqual([['etching', 'there']]);
  expect(candidates()[0]).toMatchObject({ family: 'printers', model: { id: 'etching-1' } });
  expect(await providers('IMAGE')).toEqual([['etching', true]]);
  expect(await providers()).toContainEqual(['etching', true]);
});

it('beats change nothing, and a new manifest is told to all', async () => {
  await own.announce(etching, 'printer', { live: ['l'] });
  await waitFor(() => expect(changes).toContain('printers'));
  const before = changes.length;
  await own.announce(etching, 'printer', { live: ['l'] });
  await own.bus.request(generations.providers, {});
  expect(changes).toHaveLength(before);

  const replica = await own.startReplica();
  const more = aFamily('printers', aProvider('etching', { type: 'IMAGE' }), aProvider('woodcut', { type: 'IMAGE' }));
  await own.announce(more, 'printer', { live: ['l'] });
  for (const one of [own.service, replica]) {
    await waitFor(() =>
      expect(available(one)).toEqual([
        ['etching', 'there'],
        ['woodcut', 'there'],
      ]),
    );
  }
  await replica.stop();
});

it('a replica knows the catalogue when it answers its first request', async () => {
  const replica = await own.startReplica();
  expect(candidates(replica)).toHaveLength(2);
  await replica.stop();
});

it('what no worker serves stays in the catalogue, and is not available', async () => {
  await own.announce(etching, 'third', { live: ['l'] });
  await own.bus.request(catalog.leave, { workerId: 'third' });
  await waitFor(() => expect(available()).toEqual([['etching', 'no live worker']]));
  expect(await providers('IMAGE')).toEqual([['etching', false]]);
});

it('a worker that beats is available however long, and one that misses three beats is gone', async () => {
  for (let n = 0; n < 4; n++) {
    await own.announce(etching, 'fourth', { live: ['l'] });
    await new Promise((resolve) => setTimeout(resolve, BEAT_SECONDS * 1_000));
    expect(available()).toEqual([['etching', 'there']]);
  }
  await waitFor(() => expect(available()).toEqual([['etching', 'no live worker']]));
});

it('a manifest whose option schema cannot be used is refused, naming the model', async () => {
  const broken = aProvider('lino', {
    type: 'IMAGE',
    models: [aModel('lino-1', { options: { type: 'no such type' } })],
  });
  await expect(own.announce(aFamily('printers', broken), 'fifth')).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('lino (lino-1)'),
  });
  expect(candidates().map(({ provider }) => provider.id)).toEqual(['etching']);
});
