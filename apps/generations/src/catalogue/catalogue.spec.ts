import { admin, type ContentType, catalog, generations, type ModelManifest, saidBy } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
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
  await waitFor(() => own.sql('TRUNCATE workers, families, known_prices, price_falls'));
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
  await own.leave('printer');
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

describe('a worker', () => {
  const priced = (price: ModelManifest['price'], id = 'etching-1') =>
    aFamily('printers', aProvider('etching', { type: 'IMAGE', models: [aModel(id, { price })] }));
  const invalid = (message: string) => ({ code: 'INVALID_INPUT', message: expect.stringContaining(message) });
  const falls = async () => (await own.ask(admin.price.falls, {})).waiting;
  const base = () => candidates().map(({ model }) => model.price.base);

  it('speaks for its own family only: it can neither announce another, nor have a worker of another leave, nor take its place', async () => {
    await own.announce(etching, 'printer', live);
    const asSketcher = saidBy('sketchers', catalog.announce);
    const foreign = own.ask(asSketcher, { workerId: 'spy', credentials: live, manifest: etching });
    await expect(foreign).rejects.toMatchObject(invalid('sketchers'));
    await own.ask(saidBy('sketchers', catalog.leave), { workerId: 'printer' });
    await own.announce(aFamily('sketchers', aProvider('pencil')), 'printer', { test: ['t'] });
    await look();
    expect(available()).toEqual([['etching', 'there']]);
  });

  it('takes no name of another family, be it of a provider or an alias', async () => {
    await own.announce(
      aFamily('printers', aProvider('etching', { type: 'IMAGE', aliases: ['print'] })),
      'printer',
      live,
    );
    for (const [id, alias] of [
      ['etching', 'other'],
      ['print', 'other'],
      ['other', 'etching'],
      ['other', 'print'],
    ] as const) {
      const taking = own.announce(aFamily('forgers', aProvider(id, { aliases: [alias] })), 'forger', live);
      await expect(taking).rejects.toMatchObject(invalid('printers'));
    }
    await own.announce(aFamily('printers', aProvider('woodcut', { type: 'IMAGE' })), 'printer', live);
    await own.announce(aFamily('forgers', aProvider('etching', { type: 'IMAGE' })), 'forger', live);
    expect(available()).toContainEqual(['etching', 'there']);
  });

  it('is refused with prices that fall below half or to nothing, until an operator accepts these very prices', async () => {
    await own.announce(priced({ base: 100 }), 'printer', live);
    const cheap = priced({ base: 49 });
    await expect(own.announce(cheap, 'printer', live)).rejects.toMatchObject(invalid('etching (etching-1): 100 → 49'));
    await expect(own.announce(cheap, 'second', live)).rejects.toMatchObject(invalid('100 → 49'));
    await look();
    expect(base()).toEqual([100]);
    const [waiting, ...others] = await falls();
    expect(others).toEqual([]);
    expect(waiting).toMatchObject({
      family: 'printers',
      accepted: false,
      falls: [{ provider: 'etching', model: 'etching-1', from: 100, to: 49 }],
    });
    // What was looked at is accepted, and nothing that the family has put in its place.
    await expect(own.announce(priced({ base: 0 }), 'printer', live)).rejects.toMatchObject(invalid('100 → 0'));
    await expect(own.ask(admin.price.accept, { id: waiting!.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(own.announce(cheap, 'printer', live)).rejects.toMatchObject(invalid('100 → 49'));
    const [again] = await falls();
    expect(await own.ask(admin.price.accept, { id: again!.id })).toMatchObject({ accepted: true });
    await own.announce(cheap, 'printer', live);
    expect([base(), await falls()]).toEqual([[49], []]);
    const { entries } = await own.ask(admin.generationsAudit, { target: 'printers', first: 10 });
    expect(entries).toMatchObject([{ action: 'price.accept', after: { falls: [{ to: 49 }] } }]);
  });

  it('cannot have a price fall in small steps, nor by a multiplier, nor give a new model away', async () => {
    await own.announce(priced({ base: 100 }), 'printer', live);
    await own.announce(priced({ base: 60 }), 'printer', live);
    await expect(own.announce(priced({ base: 40 }), 'printer', live)).rejects.toMatchObject(invalid('100 → 40'));
    const free = priced({ base: 100, multipliers: { resolution: { '1080p': 0 } } });
    await expect(own.announce(free, 'printer', live)).rejects.toMatchObject(invalid('100 → 0'));
    await expect(own.announce(priced({ base: 0 }, 'other'), 'printer', live)).rejects.toMatchObject(invalid('new → 0'));
    await own.announce(priced({ base: 1 }, 'other'), 'printer', live);
    // While it was away, what it cost is not forgotten.
    await expect(own.announce(priced({ base: 1 }), 'printer', live)).rejects.toMatchObject(invalid('100 → 1'));
  });

  it('has its beats heard, whatever another manifest of its family waits for', async () => {
    await own.announce(priced({ base: 100 }), 'printer', live);
    await expect(own.announce(priced({ base: 1 }), 'newer', live)).rejects.toMatchObject(invalid('100 → 1'));
    await silent(2.5);
    await own.announce(priced({ base: 100 }), 'printer', live);
    await silent(1);
    await look();
    expect(available()).toEqual([['etching', 'there']]);
  });
});
