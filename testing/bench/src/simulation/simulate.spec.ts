import { type Priority, priorities } from '@doitong/contracts';
import { describe, expect, it } from '@jest/globals';
import { type Day, type Served, simulate } from './simulate.js';
import { type Incident, vendors } from './world.js';

/** VIDEO alone, and a hundred requests an hour. */
const studios = vendors
  .filter(({ manifest }) => ['atelier', 'sketchy', 'minimax'].includes(manifest.family))
  .map((one) => ({
    ...one,
    manifest: { ...one.manifest, providers: one.manifest.providers.filter(({ type }) => type === 'VIDEO') },
  }));
const day = (changes: Partial<Day>): Served[] =>
  simulate({
    vendors: studios,
    incidents: [],
    priority: 'BALANCED',
    choices: 2_400,
    seed: 7,
    learns: true,
    ...changes,
  });
const between = (served: Served[], fromHour: number, toHour: number) =>
  served.filter(({ hour }) => hour >= fromHour && hour < toHour);
const share = (served: Served[], model: string) =>
  served.filter(({ chosen }) => chosen === model).length / served.length;

/** Whom each priority chooses when all are well. */
const favourites: Record<Priority, { family: string; model: string }> = {
  QUALITY: { family: 'atelier', model: 'atelier/atelier-1' },
  SPEED: { family: 'sketchy', model: 'sketchy/sketchy-1' },
  COST: { family: 'sketchy', model: 'sketchy/sketchy-1' },
  BALANCED: { family: 'sketchy', model: 'sketchy/sketchy-1' },
};
const from6to8 = (family: string, changes: Partial<Incident>): Incident => ({
  name: 'incident',
  family,
  fromHour: 6,
  toHour: 8,
  ...changes,
});

describe.each(priorities)('by %s', (priority) => {
  const { family, model } = favourites[priority];

  it('the favourite is chosen always while all are well, whatever accidents happen', () => {
    expect(share(day({ priority }), model)).toBe(1);
  });

  it('a model that fails is left for others within minutes, and has all its traffic back an hour after its recovery', () => {
    const fails = { share: 1, kind: 'failed', afterSeconds: 60 } as const;
    const served = day({ priority, incidents: [from6to8(family, { fails })] });
    expect(served.filter(({ incident }) => incident).length).toBeLessThan(36);
    expect(share(between(served, 6.5, 8), model)).toBeLessThan(0.15);
    expect(share(between(served, 9, 24), model)).toBe(1);
  });

  it('a vendor that is away is left after a few failures, tried now and then, and back within an hour of its recovery', () => {
    const fails = { share: 1, kind: 'unavailable', afterSeconds: 32 } as const;
    const served = day({ priority, incidents: [from6to8(family, { fails })] });
    expect(served.filter(({ incident }) => incident).length).toBeLessThan(24);
    expect(share(between(served, 9, 24), model)).toBe(1);
  });
});

it('a revoked key of two costs a trial now and then, and its model stays chosen', () => {
  const two = studios.map((one) =>
    one.manifest.family === 'atelier' ? { ...one, credentials: ['good', 'revoked'] } : one,
  );
  const fails = { share: 1, kind: 'credential', afterSeconds: 1 } as const;
  const revoked = from6to8('atelier', { credential: 'revoked', fails });
  const served = day({ vendors: two, incidents: [revoked], priority: 'QUALITY' });
  expect(share(served, 'atelier/atelier-1')).toBe(1);
  expect(served.filter(({ incident }) => incident).length).toBeLessThan(16);
});

it('a model that is slower loses those who ask for speed, and those alone', () => {
  const incidents = [from6to8('sketchy', { slower: 5 })];
  const during = (priority: Priority) => share(between(day({ priority, incidents }), 7, 8), 'sketchy/sketchy-1');
  expect(during('SPEED')).toBeLessThan(0.2);
  expect(during('COST')).toBe(1);
});

it('a model that has become dearer loses those who ask for the price', () => {
  const incidents = [from6to8('sketchy', { dearer: 4 })];
  expect(share(between(day({ priority: 'COST', incidents }), 6, 8), 'sketchy/sketchy-1')).toBe(0);
});

it('the same seed gives the same day', () => {
  const incidents = [from6to8('atelier', { slower: 2 })];
  expect(day({ incidents })).toEqual(day({ incidents }));
});
