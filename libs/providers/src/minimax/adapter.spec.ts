import { afterEach, describe, expect, it } from '@jest/globals';
import { fixturesOf, type Reply, type ScriptedVendor, scriptedVendor } from '../kit/testing/loopback.js';
import { type Asked, requestOf } from '../kit/testing/request.js';
import { family } from './index.js';

const fixture = fixturesOf(import.meta.url);
const json = (name: string): Reply => ({ json: fixture(`${name}.json`) });
const task = { id: '106916112212032', state: {} };

let vendor: ScriptedVendor;
// Not every test has one.
afterEach(() => (vendor as ScriptedVendor | undefined)?.close());

async function submit(asked: Omit<Asked, 'provider'> & { provider?: string }, reply: Reply) {
  vendor = await scriptedVendor({ 'POST /v1/video_generation': reply, 'POST /v1/image_generation': reply });
  const request = requestOf(family, { provider: 'minimax', ...asked });
  return family.adapter
    .submit(request, vendor.context({ callbackUrl: 'https://app.example.com/hook' }))
    .catch((error) => error);
}

async function poll(query: Reply) {
  vendor = await scriptedVendor({ 'GET /v1/query/video_generation': query, 'GET /v1/files/retrieve': json('file') });
  return family.adapter.poll(task, vendor.context()).catch((error) => error);
}

describe('video', () => {
  it('the published sample is asked for as the vendor can do it, style in the prompt', async () => {
    const options = { duration: 10, resolution: '1080p', style: 'cinematic' };
    expect(await submit({ input: { text: 'A lake' }, options }, json('submit'))).toEqual({ kind: 'task', task });
    expect(vendor.heard[0]?.headers.authorization).toMatch(/^Bearer /);
    expect(vendor.heard[0]?.json).toEqual({
      model: 'MiniMax-Hailuo-02',
      prompt: 'A lake Style: cinematic.',
      prompt_optimizer: true,
      duration: 10,
      resolution: '768P',
      callback_url: 'https://app.example.com/hook',
    });
  });

  it('an image is the first frame, and needs no text', async () => {
    const input = { image: 'https://example.com/a.png' };
    await submit({ model: 'HailuoI2V', input, options: { resolution: '512p', camera: 'push in' } }, json('submit'));
    expect(vendor.heard[0]?.json).toMatchObject({
      model: 'MiniMax-Hailuo-02',
      first_frame_image: input.image,
      prompt: '[Push in]',
      resolution: '512P',
    });
  });

  it('an error in a success is an error', async () => {
    const refused = await submit({ input: { text: 'A lake' } }, json('submit-refused'));
    expect(refused).toMatchObject({ kind: 'invalid-input' });
  });

  it.each([
    [1000, 'server-error'],
    [1013, 'server-error'],
    [1024, 'server-error'],
    [1033, 'server-error'],
    [1001, 'submission-unknown'],
    [1002, 'rate-limited'],
    [1004, 'credential'],
    [1008, 'balance'],
    [1026, 'content-rejected'],
    [2049, 'credential'],
    [2056, 'balance'],
    [2061, 'forbidden'],
    [9999, 'failed'],
  ])('code %d is %s', async (status_code, kind) => {
    const reply = { json: { base_resp: { status_code, status_msg: 'no' } } };
    expect(await submit({ input: { text: 'A lake' } }, reply)).toMatchObject({ kind });
  });

  it.each([
    [401, 'authorized_error', 'credential'],
    [429, 'rate_limit_error', 'rate-limited'],
    [500, 'server_error', 'server-error'],
    [529, 'overloaded_error', 'unavailable'],
  ])('HTTP %d with the error form of the other API (%s) is %s', async (status, type, kind) => {
    const reply = { status, json: { type: 'error', error: { type, message: 'no (1000)', http_code: String(status) } } };
    expect(await submit({ input: { text: 'A lake' } }, reply)).toMatchObject({ kind });
  });

  it('a success without a task id leaves open whether it took', async () => {
    const reply = { json: { task_id: '', base_resp: { status_code: 0 } } };
    expect(await submit({ input: { text: 'A lake' } }, reply)).toMatchObject({ kind: 'submission-unknown' });
  });
});

describe('a poll', () => {
  it('of a finished task finds its file in a third call', async () => {
    expect(await poll(json('query-success'))).toEqual({
      status: 'succeeded',
      output: { source: { url: 'https://files.example.com/output_aigc.mp4?sig=1' } },
    });
    expect(vendor.heard.map(({ query }) => query)).toEqual([{ task_id: task.id }, { file_id: '205258526306433' }]);
  });

  it.each(['Preparing', 'Queueing', 'Processing', 'Warming'])('%s means running', async (status) => {
    expect(await poll({ json: { ...(fixture('query-processing.json') as object), status } })).toEqual({
      status: 'running',
    });
  });

  it('a failed task is a verdict, though the call has an error code', async () => {
    expect(await poll(json('query-fail'))).toMatchObject({ kind: 'content-rejected' });
  });

  it.each(['Fail', 'Failed'])('%s with a passing error is still a failed task', async (status) => {
    const reply = { json: { status, base_resp: { status_code: 1002, status_msg: 'busy' } } };
    expect(await poll(reply)).toMatchObject({ kind: 'failed' });
  });

  it('of a task that the vendor does not know has failed, and not by the customer’s input', async () => {
    expect(await poll(json('query-unknown-task'))).toMatchObject({ kind: 'failed', doubtful: true });
  });

  it('that the vendor has no time for says nothing of the task', async () => {
    const reply = { json: { base_resp: { status_code: 1001, status_msg: 'timeout' } } };
    expect(await poll(reply)).toMatchObject({ kind: 'unavailable' });
  });
});

describe('image', () => {
  const asked: Asked = { provider: 'minimax-image', input: { text: 'A fox', image: 'https://example.com/face.jpg' } };

  it('comes with the answer', async () => {
    const options = { aspectRatio: '16:9', seed: 42 };
    expect(await submit({ ...asked, options }, json('image'))).toEqual({
      kind: 'output',
      output: { source: { url: 'https://files.example.com/image.jpeg?sig=1' } },
    });
    expect(vendor.heard[0]?.json).toEqual({
      model: 'image-01',
      prompt: 'A fox',
      aspect_ratio: '16:9',
      response_format: 'url',
      n: 1,
      seed: 42,
      prompt_optimizer: false,
      subject_reference: [{ type: 'character', image_file: 'https://example.com/face.jpg' }],
    });
  });

  it('that is blocked is missing from a success', async () => {
    expect(await submit(asked, json('image-blocked'))).toMatchObject({ kind: 'content-rejected' });
  });
});

describe('a callback', () => {
  it('that challenges is answered with its challenge', () => {
    expect(family.adapter.parseCallback?.({ challenge: 'abc' })).toEqual({
      kind: 'challenge',
      reply: { challenge: 'abc' },
    });
  });

  it('is a hint, whatever it says', () => {
    for (const body of [{ task_id: '1', status: 'success', file_id: '2' }, {}, null, 'text', [1]]) {
      expect(family.adapter.parseCallback?.(body)).toEqual({ kind: 'hint' });
    }
  });
});
