import { readFile } from 'node:fs/promises';
import type { AttemptJob, ContentType } from '@doitong/contracts';
import type { AssetStore } from '@doitong/media';
import { startReceiver } from '@doitong/support';
import { describe, expect, it } from '@jest/globals';
import { attemptWith } from '../__fixtures__/attempt.js';
import { Outputs } from './outputs.js';
import { ownPlaces } from './own-places.js';

const fixture = (name: string) => readFile(new URL(`../../../../libs/media/src/__fixtures__/${name}`, import.meta.url));
const never = new AbortController().signal;
const assets = { put: async (key: string) => ({ key, bytes: 1 }) } as unknown as AssetStore;
const outputsWith = (store = assets, trusts = ownPlaces(undefined, undefined)) =>
  new Outputs(store, { maxBytes: 1_000_000, trusts });
const jobOf = (changes: Partial<AttemptJob>): AttemptJob => ({ ...attemptWith({}).job, ...changes });

describe('an output', () => {
  it.each<[ContentType, string]>([
    ['VIDEO', 'h264.mp4'],
    ['AVATAR', 'h264-aac.mp4'],
    ['IMAGE', 'still.webp'],
    ['AUDIO', 'tone.m4a'],
  ])('of an attempt at %s is stored when it is that: %s', async (type, name) => {
    const bytes = await fixture(name);
    const { format } = await outputsWith().put(jobOf({ type }), { source: { bytes } }, never);
    expect(format).toBe(name.split('.')[1]);
  });

  it.each<[ContentType, string, string]>([
    ['IMAGE', 'h264.mp4', 'The file is VIDEO (mp4), not IMAGE'],
    ['VIDEO', 'still.png', 'The file is IMAGE (png), not VIDEO'],
    ['AVATAR', 'tone.mp3', 'The file is AUDIO (mp3), not VIDEO'],
    ['AUDIO', 'h264-aac.mp4', 'The file is VIDEO (mp4), not AUDIO'],
  ])('of an attempt at %s that is something else is lost, with what was found: %s', async (type, name, message) => {
    const bytes = await fixture(name);
    const putting = outputsWith().put(jobOf({ type }), { source: { bytes } }, never);
    await expect(putting).rejects.toMatchObject({ name: 'VendorError', kind: 'output-lost', message });
  });

  it('that our store does not take is not stored yet', async () => {
    const full = { put: () => Promise.reject(new Error('ENOSPC: no space left on device')) } as unknown as AssetStore;
    const putting = outputsWith(full).put(
      jobOf({ type: 'IMAGE' }),
      { source: { bytes: await fixture('still.png') } },
      never,
    );
    await expect(putting).rejects.toMatchObject({ kind: 'output-lost', by: 'store' });
  });
});

describe('a URL of this machine in the answer of a vendor', () => {
  it.each([
    ['the sandbox, of a test generation', 'test', (url: string) => ownPlaces(undefined, `${url}/`), true],
    ['the sandbox, of a live generation', 'live', (url: string) => ownPlaces(undefined, `${url}/`), false],
    [
      'the host that the operator named, of a live generation',
      'live',
      () => ownPlaces('http://127.0.0.1:1/v1', undefined),
      true,
    ],
    [
      'the host that the operator named, of a test generation',
      'test',
      () => ownPlaces('http://127.0.0.1:1/v1', undefined),
      false,
    ],
    ['another port than the sandbox has', 'test', () => ownPlaces(undefined, 'http://127.0.0.1:1'), false],
    ['nobody', 'live', () => ownPlaces(undefined, undefined), false],
  ] as const)('that is of %s (%s)', async (_whose, mode, trusts, isFetched) => {
    const server = await startReceiver();
    server.answer({ body: await fixture('still.png') });
    const outputs = outputsWith(assets, trusts(server.url));
    const putting = outputs.put(jobOf({ type: 'IMAGE', mode }), { source: { url: `${server.url}/a.png` } }, never);
    const outcome = await putting.then(
      ({ format }) => format,
      ({ kind, name }) => `${name} ${kind}`,
    );
    expect(outcome).toBe(isFetched ? 'png' : 'VendorError output-lost');
    expect(server.requests).toHaveLength(isFetched ? 1 : 0);
    await server.stop();
  });
});
