import type { VendorTask } from '@doitong/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import { fixturesOf, type Reply, type ScriptedVendor, scriptedVendor } from '../kit/testing/loopback.js';
import { type Asked, requestOf } from '../kit/testing/request.js';
import { family } from './index.js';

const fixture = fixturesOf(import.meta.url);
const json = (name: string, status = 200): Reply => ({ status, json: fixture(`${name}.json`) });
const image = 'https://example.com/face.png';
const text = 'Hello there.';

const script: Record<string, Reply | Reply[]> = {
  'POST /v3/files': json('file', 201),
  'GET /v3/models/elevenlabs-v3/voices': json('voices'),
  'POST /v3/models/elevenlabs-v3': json('speech-submit', 202),
  'GET /v3/jobs/job_speech': json('speech-completed'),
  'POST /v3/models/hedra-character-3': json('video-submit', 202),
  'GET /v3/jobs/job_video': [json('video-running'), json('video-completed')],
};

let vendor: ScriptedVendor;
// Not every test has one.
afterEach(() => (vendor as ScriptedVendor | undefined)?.close());

async function submit(asked: Omit<Asked, 'provider'>, over: typeof script = {}) {
  vendor = await scriptedVendor({ ...script, ...over });
  const request = requestOf(family, { provider: 'hedra', ...asked });
  const submission = await family.adapter.submit(request, vendor.context()).catch((error) => error);
  return { request, submission, task: submission.task as VendorTask };
}

const poll = (task: VendorTask) =>
  family.adapter.poll(JSON.parse(JSON.stringify(task)), vendor.context()).catch((error) => error);
const heard = (path: string) => vendor.heard.filter((one) => one.path === path);
const bodies = (path: string) => heard(path).map((one) => one.json);
const keys = (path: string) => heard(path).map(({ headers }) => headers['idempotency-key']);

/** The task one step on. */
const next = async (task: VendorTask) => (await poll(task)).task as VendorTask;

describe('a portrait and a text', () => {
  it('go through upload, speech and avatar, each under a key of its own', async () => {
    const { request, submission, task } = await submit({ input: { image, text }, options: { duration: 5 } });
    expect(submission).toMatchObject({ kind: 'task', pollInMs: 0 });
    const speaking = await next(task);
    const filming = await next(speaking);
    expect(await poll(filming)).toEqual({ status: 'running' });
    expect(await poll(filming)).toEqual({
      status: 'succeeded',
      output: { source: { url: 'https://files.example.com/video.mp4?sig=1' }, costMicroUsd: 260_000 },
    });
    expect(bodies('/v3/models/elevenlabs-v3')).toEqual([
      { input: { text, voice_id: 'voice_aaa', speed: 1, language: 'auto' } },
    ]);
    expect(keys('/v3/files')).toEqual([`${request.attemptId}-image`]);
    expect(keys('/v3/models/elevenlabs-v3')).toEqual([`${request.attemptId}-speech`]);
    expect(keys('/v3/models/hedra-character-3')).toEqual([request.attemptId]);
    expect(bodies('/v3/models/hedra-character-3')).toEqual([
      {
        input: {
          prompt: 'A person talking to the camera.',
          aspect_ratio: '9:16',
          resolution: '720p',
          duration_ms: 5_000,
          num_outputs: 1,
          start_image: { source: 'url', url: 'hedra-upload://portrait' },
          audio: { source: 'asset', asset_id: 'asset_speech' },
        },
      },
    ]);
  });

  it('a step repeated after a crash sends the same body, which the vendor knows by its key', async () => {
    const { task } = await submit({ input: { image, text } });
    const speaking = await next(task);
    expect(await next(task)).toEqual(speaking);
    await next(speaking);
    await next(speaking);
    for (const path of ['/v3/models/elevenlabs-v3', '/v3/models/hedra-character-3']) {
      const [first, second] = bodies(path);
      expect(first).toBeDefined();
      expect(second).toEqual(first);
      expect(new Set(keys(path)).size).toBe(1);
    }
    expect(bodies('/v3/files')).toHaveLength(1);
  });

  it('a lost answer of a step is asked for again', async () => {
    const over = { 'POST /v3/models/elevenlabs-v3': [{ fault: 'reset' } as const, json('speech-submit', 202)] };
    const { task } = await submit({ input: { image, text } }, over);
    expect(await poll(task)).toMatchObject({ kind: 'unavailable' });
    expect(await next(task)).toMatchObject({ id: 'job_speech' });
  });

  it('nothing is charged by a submit, so its lost answer is made good by another', async () => {
    const { request } = await submit({ input: { image, text } }, { 'POST /v3/files': { fault: 'reset' } });
    expect(await family.adapter.lookup?.(request, vendor.context(), new Date()).catch((error) => error.kind)).toBe(
      'unavailable',
    );
    expect(bodies('/v3/models/elevenlabs-v3')).toHaveLength(0);
  });
});

it('only of the last step a poll starts nothing that is charged', async () => {
  const { task } = await submit({ input: { image, text } });
  const speaking = await next(task);
  const filming = await next(speaking);
  expect([task, speaking, filming].map((step) => family.adapter.pollStarts?.(step))).toEqual([true, true, false]);
});

it.each([
  [401, 'UNAUTHORIZED', 'credential'],
  [403, 'PERMISSION_DENIED', 'forbidden'],
  [401, 'A_CODE_OF_TOMORROW', 'forbidden'],
])('HTTP %d %s is %s', async (status, code, kind) => {
  const refused = { status, json: { error: { code, message: 'no' } } };
  const { task } = await submit({ input: { image, text } }, { 'POST /v3/models/elevenlabs-v3': refused });
  expect(await poll(task)).toMatchObject({ kind, doubtful: false });
});

describe('a portrait and audio', () => {
  it('go to the avatar without speech', async () => {
    const { task } = await submit({ input: { image, audio: 'https://example.com/a.mp3' } });
    expect(await next(task)).toMatchObject({ id: 'job_video' });
    expect(bodies('/v3/files')).toHaveLength(2);
    expect(bodies('/v3/models/hedra-character-3')).toMatchObject([{ input: { audio: { source: 'url' } } }]);
  });
});

describe('a voice', () => {
  it.each([
    ['george', 'voice_bbb'],
    ['Aria', 'voice_aaa'],
    ['voice_zzz', 'voice_zzz'],
  ])('%s is %s', async (voice, id) => {
    const { task } = await submit({ input: { image, text, voice } });
    await next(task);
    expect(bodies('/v3/models/elevenlabs-v3')).toMatchObject([{ input: { voice_id: id } }]);
  });

  it('that Hedra does not have is refused', async () => {
    const { submission } = await submit({ input: { image, text, voice: 'bob' } });
    expect(submission).toMatchObject({ kind: 'invalid-input', publicMessage: expect.stringContaining('"bob"') });
  });
});

describe('what is refused', () => {
  it.each([
    ['no portrait', { text }, /portrait/],
    ['nothing to say', { image }, /text/],
    ['two things to say', { image, text, audio: 'https://example.com/a.mp3' }, /either/],
  ])('%s', async (_, input, message) => {
    const { submission } = await submit({ input });
    expect(submission).toMatchObject({ kind: 'invalid-input', publicMessage: expect.stringMatching(message) });
    expect(vendor.heard).toHaveLength(0);
  });
});

it.each([
  ['INTERNAL', 500, true],
  ['UNKNOWN', 500, true],
  ['UNAVAILABLE', 503, false],
  ['DEADLINE_EXCEEDED', 504, true],
])(
  'a step answered %s (%d) may be made again, under its key; for ever where it is not doubtful (%s)',
  async (code, status, doubtful) => {
    const refused = { status, json: { error: { code, details: { reason: 'expired' } } } };
    const { task } = await submit({ input: { image, text } }, { 'POST /v3/models/elevenlabs-v3': refused });
    expect(await poll(task)).toMatchObject({ kind: 'unavailable', repeatable: true, doubtful });
  },
);

describe('a job', () => {
  it.each([
    ['video-output-failed', 'content-rejected'],
    ['video-failed', 'failed'],
  ])('%s is %s', async (name, kind) => {
    await submit({ input: { image, text } }, { 'GET /v3/jobs/job_video': json(name) });
    expect(await poll({ id: 'job_video', state: { step: 'filming' } })).toMatchObject({ kind });
  });

  it('that failed costs what Hedra says, with the speech before it; without a word of Hedra it is not known', async () => {
    const state = { step: 'filming', speechCostMicroUsd: 10_000 };
    const failed = fixture('video-failed.json') as object;
    await submit(
      { input: { image, text } },
      { 'GET /v3/jobs/job_video': [{ json: { ...failed, cost: 0.25 } }, { json: failed }] },
    );
    expect((await poll({ id: 'job_video', state })).costMicroUsd).toBe(260_000);
    expect((await poll({ id: 'job_video', state })).costMicroUsd).toBeUndefined();
  });

  it('whose output is past its 48 hours is lost', async () => {
    const expired = { job_id: 'job_video', status: 'COMPLETED', outputs: [{ status: 'EXPIRED', url: null }] };
    await submit({ input: { image, text } }, { 'GET /v3/jobs/job_video': { json: expired } });
    expect(await poll({ id: 'job_video', state: { step: 'filming' } })).toMatchObject({ kind: 'output-lost' });
  });

  it.each([
    ['rate-limited', 429, 'rate-limited'],
    // An upload that waited too long is not the customer's fault.
    ['upload-expired', 400, 'failed'],
  ])('a step answered %s (%d) is %s', async (name, status, kind) => {
    const { task } = await submit({ input: { image, text } }, { 'POST /v3/models/elevenlabs-v3': json(name, status) });
    expect(await poll(task)).toMatchObject({ kind });
  });
});

it('a callback is a hint', () => {
  expect(family.adapter.parseCallback?.(fixture('video-completed.json'))).toEqual({ kind: 'hint' });
});
