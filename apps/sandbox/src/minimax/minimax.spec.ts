import { type Receiver, startReceiver, waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type TestSandbox } from '../__fixtures__/sandbox.js';

const key = { authorization: 'Bearer sk-api-some' };
const success = { status_code: 0, status_msg: 'success' };
let sandbox: TestSandbox;
let receiver: Receiver;
beforeAll(async () => {
  [sandbox, receiver] = await Promise.all([startSandbox(), startReceiver()]);
});
afterAll(() => Promise.all([sandbox.stop(), receiver.stop()]));

const video = (body: object, headers: Record<string, string> = key) =>
  sandbox.post('/minimax/v1/video_generation', { model: 'MiniMax-Hailuo-02', ...body }, headers);
const query = async (id: string, headers = key) =>
  (await sandbox.get(`/minimax/v1/query/video_generation?task_id=${id}`, headers)).body;
const image = (body: object) => sandbox.post('/minimax/v1/image_generation', { model: 'image-01', ...body }, key);

describe('a video', () => {
  it('is had in three calls', async () => {
    const submitted = await video({ prompt: 'a fox', duration: 10 });
    expect([submitted.status, submitted.body]).toEqual([
      200,
      { task_id: expect.stringMatching(/^\d{15}$/), base_resp: success },
    ]);
    expect(submitted.headers.get('trace-id')).toMatch(/^[0-9a-f]{32}$/);

    const done = await query(submitted.body.task_id);
    expect(done).toEqual({
      task_id: submitted.body.task_id,
      status: 'Success',
      file_id: expect.stringMatching(/^\d+$/),
      video_width: 1366,
      video_height: 768,
      base_resp: success,
    });

    const { body } = await sandbox.get(`/minimax/v1/files/retrieve?file_id=${done.file_id}`, key);
    expect(body.file).toMatchObject({ file_id: Number(done.file_id), purpose: 'video_generation' });
    const file = await sandbox.get(body.file.download_url);
    expect([file.headers.get('content-type'), file.body.length]).toEqual(['video/mp4', body.file.bytes]);
    const content = await sandbox.get(`/minimax/v1/files/retrieve_content?file_id=${done.file_id}`, key);
    expect(content.body.equals(file.body)).toBe(true);
  });

  it('passes through the states of the vendor', async () => {
    const { body } = await video({ prompt: '[[sandbox:slow=1000]]' });
    const states = [];
    for (const seconds of [0, 100, 300, 700]) {
      await sandbox.advance(seconds);
      states.push((await query(body.task_id)).status);
    }
    expect(states).toEqual(['Preparing', 'Queueing', 'Processing', 'Success']);
  });

  it('takes the shape of its first frame', async () => {
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAUCAIAAADp6qvFAAAAGElEQVR4nGNgYPiPD43CMhVgVBhNpmEKAH0jnxFKpXb7AAAAAElFTkSuQmCC',
      'base64',
    );
    const first_frame_image = `data:image/png;base64,${png.toString('base64')}`;
    const { body } = await video({ first_frame_image, resolution: '512P' });
    const { video_width, video_height } = await query(body.task_id);
    expect(video_height / video_width).toBeCloseTo(2, 1);
  });

  it('is unknown to other keys, and so is its file', async () => {
    const { body } = await video({ prompt: 'mine' });
    const { file_id } = await query(body.task_id);
    const other = { authorization: 'Bearer other' };
    expect((await query(body.task_id, other)).base_resp.status_code).toBe(2013);
    const file = await sandbox.get(`/minimax/v1/files/retrieve?file_id=${file_id}`, other);
    expect(file.body.base_resp.status_code).toBe(2013);
  });
});

describe('errors come under HTTP 200', () => {
  it.each([
    ['10 s at 1080P', { prompt: 'x', duration: 10, resolution: '1080P' }],
    ['7 s', { prompt: 'x', duration: 7 }],
    ['an unknown model', { model: 'MiniMax-Hailuo-9', prompt: 'x' }],
    ['512P without a first frame', { prompt: 'x', resolution: '512P' }],
    ['text for a model of images', { model: 'MiniMax-Hailuo-2.3-Fast', prompt: 'x' }],
    ['no prompt', {}],
    ['2001 characters', { prompt: 'x'.repeat(2001) }],
    ['bytes that are no image', { first_frame_image: 'data:image/png;base64,AAAA' }],
  ])('%s is 2013', async (_, body) => {
    const answer = await video(body);
    expect([answer.status, answer.body.base_resp.status_code]).toEqual([200, 2013]);
  });

  it('no key is 1004, the key "invalid" is 2049', async () => {
    expect((await video({ prompt: 'x' }, {})).body.base_resp.status_code).toBe(1004);
    const invalid = await video({ prompt: 'x' }, { authorization: 'Bearer invalid' });
    expect(invalid.body.base_resp.status_code).toBe(2049);
  });

  it.each([
    ['quota', 1008],
    ['content-rejected', 1026],
    ['server-error', 1013],
    ['server-error-once', 1013],
    ['overloaded-once', 1041],
    ['rate-limited-once', 1002],
  ])('%s is %d, and nothing is accepted', async (marker, code) => {
    const prompt = `refused [[sandbox:${marker}]]`;
    const { status, body } = await video({ prompt });
    expect([status, body]).toMatchObject([200, { task_id: '', base_resp: { status_code: code } }]);
    expect(await sandbox.submits(prompt)).toBe(0);
    if (marker.endsWith('once')) expect((await video({ prompt })).body.base_resp).toEqual(success);
  });

  it.each([
    ['failed', 'Failed', 1013],
    ['output-moderated', 'Failed', 1027],
    ['hang', 'Processing', 0],
  ])('%s is a task that is %s', async (marker, status, code) => {
    const { body } = await video({ prompt: `[[sandbox:${marker}]]` });
    await sandbox.advance(86_400);
    expect(await query(body.task_id)).toMatchObject({ status, base_resp: { status_code: code } });
  });
});

it('a lost answer is recorded', async () => {
  await expect(video({ prompt: 'lost [[sandbox:answer-lost]]' })).rejects.toThrow();
  expect(await sandbox.submits('lost')).toBe(1);
});

describe('a callback', () => {
  const heard = (path: string) =>
    receiver.requests.filter((request) => request.path === path).map(({ body }) => JSON.parse(body));
  const passChallenge = () =>
    receiver.answer(({ body }) => {
      const { challenge } = JSON.parse(body) as { challenge?: string };
      return { body: JSON.stringify({ challenge }), headers: { 'content-type': 'application/json' } };
    });

  it('is sent for each change, in lower case, once the challenge is passed', async () => {
    passChallenge();
    const { body } = await video({ prompt: 'a fox', callback_url: `${receiver.url}/passed` });
    await waitFor(() => expect(heard('/passed')).toHaveLength(3));
    const [challenge, running, done] = heard('/passed');
    expect(challenge).toEqual({ challenge: expect.any(String) });
    expect(running).toMatchObject({ task_id: body.task_id, status: 'processing', base_resp: success });
    expect(done).toMatchObject({ status: 'success', file_id: (await query(body.task_id)).file_id });
  });

  it('is not sent to whom fails the challenge, and the task is made all the same', async () => {
    receiver.answer({ body: '{}' });
    const { body } = await video({ prompt: 'a fox', callback_url: `${receiver.url}/failed` });
    expect((await query(body.task_id)).status).toBe('Success');
    await waitFor(() => expect(heard('/failed')).toHaveLength(1));
    passChallenge();
    await video({ prompt: 'a fox', callback_url: `${receiver.url}/later` });
    await waitFor(() => expect(heard('/later')).toHaveLength(3));
    expect(heard('/failed')).toHaveLength(1);
  });

  it('callback-twice sends each twice', async () => {
    passChallenge();
    await video({ prompt: '[[sandbox:callback-twice]]', callback_url: `${receiver.url}/twice` });
    await waitFor(() => expect(heard('/twice')).toHaveLength(5));
  });
});

describe('an image', () => {
  it('is answered as URLs, or as base64', async () => {
    const { body } = await image({ prompt: 'a fox', aspect_ratio: '21:9', n: 2 });
    expect(body).toMatchObject({ metadata: { success_count: '2', failed_count: '0' }, base_resp: success });
    expect(body.data).toMatchObject({ task_id: body.id, success_count: 2, failed_count: 0 });
    expect(body.data.image_urls).toHaveLength(2);
    const jpeg = await sandbox.get(body.data.image_urls[0]);
    expect(jpeg.headers.get('content-type')).toBe('image/jpeg');

    const inline = await image({ prompt: 'a fox', width: 512, height: 768, response_format: 'base64' });
    const bytes = Buffer.from(inline.body.data.image_base64[0], 'base64');
    expect(bytes.subarray(0, 2).toString('hex')).toBe('ffd8');
  });

  it.each([
    ['output-moderated', { metadata: { success_count: '0', failed_count: '1' }, base_resp: success }],
    ['content-rejected', { base_resp: { status_code: 1026 } }],
    ['failed', { base_resp: { status_code: 1013 } }],
  ])('%s', async (marker, expected) => {
    expect((await image({ prompt: `[[sandbox:${marker}]]` })).body).toMatchObject(expected);
  });

  it('hang never answers', async () => {
    // Cut off when the sandbox is stopped. A client that gives up would leave behind a connection on which it asks nothing.
    const hanging = image({ prompt: 'hang for ever [[sandbox:hang]]' }).then(
      () => 'answered',
      () => 'cut off',
    );
    await waitFor(async () => expect(await sandbox.submits('hang for ever')).toBe(1));
    // Whoever waits for what takes days is answered.
    const slow = image({ prompt: '[[sandbox:slow=200000]]' });
    await waitFor(async () => expect(await sandbox.submits('slow=200000')).toBe(1));
    await sandbox.advance(200_000);
    expect((await slow).body.base_resp).toEqual(success);
    expect(await Promise.race([hanging, Promise.resolve('waits')])).toBe('waits');
  });

  it('813 pixels of width are 2013', async () => {
    expect((await image({ prompt: 'x', width: 813, height: 800 })).body.base_resp.status_code).toBe(2013);
  });
});

it('speech is answered in hex', async () => {
  const text = 'A fox, twenty-eight letters.';
  const { body } = await sandbox.post('/minimax/v1/t2a_v2', { model: 'speech-02-hd', text }, key);
  expect(body).toMatchObject({ data: { status: 2 }, extra_info: { audio_length: 2000, audio_sample_rate: 32_000 } });
  expect(Buffer.from(body.data.audio, 'hex').length).toBe(body.extra_info.audio_size);
});

describe('interface V2', () => {
  const text = (prompt: string) => ({ type: 'text', text: prompt });
  const h3 = (content: object[], more: object = {}, headers: Record<string, string> = key) =>
    sandbox.post('/minimax/v2/video_generation', { model: 'MiniMax-H3', content, ratio: '1:1', ...more }, headers);
  const poll = (id: string) => sandbox.get(`/minimax/v2/query/video_generation/${id}`, key);
  const statusOf = async (id: string) => (await poll(id)).body.task.status;

  it('a video passes through its states, and its URL is in the answer to the poll', async () => {
    const { status, body } = await h3([text('[[sandbox:slow=1000]]')], { resolution: '768P', duration: 4 });
    expect([status, body]).toEqual([200, { task_id: expect.stringMatching(/^\d{15}$/) }]);
    const states = [];
    for (const seconds of [0, 200, 800]) {
      await sandbox.advance(seconds);
      states.push(await statusOf(body.task_id));
    }
    expect(states).toEqual(['queued', 'running', 'succeeded']);
    const { task } = (await poll(body.task_id)).body;
    expect(task).toMatchObject({
      id: body.task_id,
      model: 'MiniMax-H3',
      duration: 4,
      ratio: '1:1',
      resolution: '768P',
    });
    expect(task.usage).toEqual({ total_seconds: 4, input_seconds: 0, output_seconds: 4, input_image_count: 0 });
    expect((await sandbox.get(task.content.url)).headers.get('content-type')).toBe('video/mp4');
  });

  it('a task of one interface is unknown to the other', async () => {
    const v2 = (await h3([text('a fox')])).body.task_id;
    expect((await query(v2)).base_resp.status_code).toBe(2013);
    const v1 = (await video({ prompt: 'a fox' })).body.task_id;
    expect((await poll(v1)).status).toBe(400);
  });

  it.each([
    ['no text', [], {}],
    ['an adaptive ratio without a picture', [text('x')], { ratio: 'adaptive' }],
    ['3 s', [text('x')], { duration: 3 }],
    ['another model', [text('x')], { model: 'MiniMax-Hailuo-02' }],
    [
      'a last frame alone',
      [text('x'), { type: 'image_url', image_url: { url: 'https://a.b/c' }, role: 'last_frame' }],
      {},
    ],
    [
      'bytes that are no image',
      [text('x'), { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
      {},
    ],
  ])('%s is a 400', async (_, content, more) => {
    const { status, body } = await h3(content, more);
    expect([status, body.type, body.error.type]).toEqual([400, 'error', 'bad_request_error']);
    expect(body.error.message).toMatch(/\(2013\)$/);
  });

  it.each([
    ['quota', 402, 'insufficient_balance_error'],
    ['content-rejected', 422, 'unprocessable_entity_error'],
    ['server-error', 500, 'server_error'],
    ['server-error-once', 500, 'server_error'],
    ['overloaded-once', 529, 'overloaded_error'],
    ['rate-limited-once', 429, 'rate_limit_error'],
  ])('%s is a %d, and nothing is accepted', async (marker, status, type) => {
    const prompt = `refused by V2 [[sandbox:${marker}]]`;
    const answer = await h3([text(prompt)]);
    expect([answer.status, answer.body.error]).toMatchObject([status, { type, http_code: String(status) }]);
    expect(await sandbox.submits(prompt)).toBe(0);
    if (marker.endsWith('once')) expect((await h3([text(prompt)])).status).toBe(200);
  });

  it('no key, and the key "invalid", are a 401', async () => {
    const invalid = { authorization: 'Bearer invalid' };
    for (const headers of [{}, invalid] as Record<string, string>[]) {
      const { status, body } = await h3([text('x')], {}, headers);
      expect([status, body.error.type]).toEqual([401, 'authorized_error']);
    }
  });

  it.each([
    ['failed', 'failed', '1013'],
    ['output-moderated', 'failed', '1027'],
    ['hang', 'running', undefined],
  ])('%s is a task that is %s', async (marker, status, code) => {
    const { body } = await h3([text(`[[sandbox:${marker}]]`)]);
    await sandbox.advance(86_400);
    const { task } = (await poll(body.task_id)).body;
    expect([task.status, task.error?.code]).toEqual([status, code]);
  });

  it('a lost answer is recorded, and a gateway refuses the first look', async () => {
    await expect(h3([text('lost by V2 [[sandbox:answer-lost]]')])).rejects.toThrow();
    expect(await sandbox.submits('lost by V2')).toBe(1);
    const { body } = await h3([text('[[sandbox:proxy-refusal-once]]')]);
    expect([(await poll(body.task_id)).status, await statusOf(body.task_id)]).toEqual([403, 'succeeded']);
  });
});
