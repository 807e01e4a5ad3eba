import { createHash, createPublicKey, verify } from 'node:crypto';
import { type Receiver, startReceiver, waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type TestSandbox } from '../__fixtures__/sandbox.js';

const key = { authorization: 'Key some-id:some-secret' };
const voice_id = 'voice_00000000-0000-4000-8000-000000000001';
let sandbox: TestSandbox;
let receiver: Receiver;
let portrait: string;
let voice: string;
beforeAll(async () => {
  [sandbox, receiver] = await Promise.all([startSandbox(), startReceiver()]);
  [portrait, voice] = await uploads();
});
afterAll(() => Promise.all([sandbox.stop(), receiver.stop()]));

/** The handles of a portrait and of a voice. */
async function uploads(): Promise<[string, string]> {
  const bfl = { 'x-key': 'k' };
  const image = await sandbox.post(
    '/black-forest-labs/v1/flux-dev',
    { prompt: 'a face', width: 256, height: 256 },
    bfl,
  );
  const ready = await sandbox.get(image.body.polling_url, bfl);
  const face = await upload((await sandbox.get(ready.body.result.sample)).body, 'image/jpeg');
  const speech = await sandbox.post(
    '/elevenlabs/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM?output_format=wav_16000',
    { text: 'x'.repeat(28) },
    { 'xi-api-key': 'k' },
  );
  return [face, await upload(speech.body, 'audio/wav')];
}

function send(bytes: Buffer, type: string, headers: Record<string, string> = {}) {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(bytes)], { type }), 'file');
  return sandbox.post('/hedra/v3/files', form, { ...key, ...headers });
}

async function upload(bytes: Buffer, type: string): Promise<string> {
  const { status, body } = await send(bytes, type);
  expect([status, body]).toEqual([
    201,
    { url: expect.any(String), content_type: type, expires_at: expect.any(String) },
  ]);
  return body.url;
}

const submit = (model: string, body: object, headers: Record<string, string> = key) =>
  sandbox.post(`/hedra/v3/models/${model}`, body, headers);
const handle = (url: string) => ({ source: 'url', url });
const avatar = (input: object = {}, more: object = {}) =>
  submit('hedra-character-3', {
    input: {
      prompt: 'a woman talks',
      aspect_ratio: '9:16',
      resolution: '540p',
      start_image: handle(portrait),
      audio: handle(voice),
      ...input,
    },
    ...more,
  });
const speech = (text: string, more: object = {}, headers: Record<string, string> = {}) =>
  submit('elevenlabs-v3', { input: { text, voice_id }, ...more }, { ...key, ...headers });
const job = async (id: string) => (await sandbox.get(`/hedra/v3/jobs/${id}`, key)).body;

it('an avatar is as long as its audio, in the asked shape', async () => {
  const { status, headers, body } = await avatar();
  expect([status, body.status]).toEqual([202, 'IN_QUEUE']);
  expect(headers.get('location')).toBe(body.result_url);
  const done = await sandbox.get(body.result_url, key);
  expect(done.body).toMatchObject({ job_id: body.job_id, status: 'COMPLETED', currency: 'USD', cost: 0.1 });
  expect(done.body.outputs).toEqual([
    {
      status: 'COMPLETED',
      asset_id: body.job_id.replace('job_', 'asset_'),
      voice_id: null,
      url: expect.stringContaining('/files/hedra/'),
      content_type: 'video/mp4',
      width: 540,
      height: 960,
      duration_ms: 2000,
      fps: 25,
      error: null,
    },
  ]);
  const file = await sandbox.get(done.body.outputs[0].url);
  expect(file.headers.get('content-type')).toBe('video/mp4');
  const told = await sandbox.get(body.status_url, key);
  expect(told.body).toMatchObject({ job_id: body.job_id, status: 'COMPLETED', progress: 1 });
});

it('speech of a voice model can be the audio of an avatar', async () => {
  const { body } = await speech('y'.repeat(42));
  const [spoken] = (await job(body.job_id)).outputs;
  expect(spoken).toMatchObject({ content_type: 'audio/mpeg', duration_ms: 3000 });
  const film = await avatar({ audio: { source: 'asset', asset_id: spoken.asset_id }, duration_ms: 1500 });
  expect((await job(film.body.job_id)).outputs[0].duration_ms).toBe(1500);
});

it('jobs pass through the states of the vendor', async () => {
  const { body } = await speech('[[sandbox:slow=1000]]');
  const states = [];
  for (const seconds of [0, 500, 500]) {
    await sandbox.advance(seconds);
    states.push((await job(body.job_id)).status);
  }
  expect(states).toEqual(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']);
});

it('a repeat of an idempotency key gets the first ack, also after a lost answer', async () => {
  const once = { 'idempotency-key': 'order-77' };
  const first = await speech('only once', {}, once);
  const repeats = await Promise.all([speech('only once', {}, once), speech('only once', {}, once)]);
  for (const { status, body } of repeats) expect([status, body]).toEqual([202, first.body]);

  for (const [number, marker] of ['answer-lost', 'proxy-error-once'].entries()) {
    const keyOfOrder = { 'idempotency-key': `order-${78 + number}` };
    const text = `lost [[sandbox:${marker}]]`;
    await speech(text, {}, keyOfOrder).then(
      ({ status }) => expect(status).toBe(502),
      () => undefined,
    );
    expect((await speech(text, {}, keyOfOrder)).status).toBe(202);
    expect([await sandbox.submits(text), await sandbox.asked(text)]).toEqual([1, 2]);
  }
  expect([await sandbox.submits('only once'), await sandbox.asked('only once')]).toEqual([1, 3]);
});

it('a key that comes with another request is refused, and nothing is accepted', async () => {
  const once = { 'idempotency-key': 'order-80' };
  await speech('the one', {}, once);
  for (const other of [() => speech('the other', {}, once), () => speech('the one', { webhook: receiver.url }, once)]) {
    const { status, body } = await other();
    expect([status, body.error.code]).toEqual([409, 'ALREADY_EXISTS']);
  }
  expect([await sandbox.submits('the one'), await sandbox.submits('the other')]).toEqual([1, 0]);
});

it('the key of former years, in the body, is ignored', async () => {
  const once = { idempotency_key: 'order-81' };
  const ids = await Promise.all([speech('twice', once), speech('twice', once)]);
  expect(new Set(ids.map(({ body }) => body.job_id)).size).toBe(2);
});

it('an upload that is repeated with its key has the first handle; other bytes under it are refused', async () => {
  const once = { 'idempotency-key': 'upload-1' };
  const face = Buffer.from('some bytes');
  const [first, ...repeats] = await Promise.all([1, 2, 3].map(() => send(face, 'image/png', once)));
  for (const { status, body } of repeats) expect([status, body]).toEqual([201, first?.body]);
  expect((await send(Buffer.from('other bytes'), 'image/png', once)).body.error.code).toBe('ALREADY_EXISTS');
  expect((await send(face, 'image/png')).body.url).not.toBe(first?.body.url);
});

it('models and voices are listed', async () => {
  const models = await sandbox.get('/hedra/v3/models', key);
  expect(models.body.data).toContainEqual({ id: 'hedra-avatar', name: 'Hedra Avatar', modality: 'video' });
  const audio = await sandbox.get('/hedra/v3/models?modality=audio', key);
  expect(audio.body.data).toHaveLength(3);
  const voices = await sandbox.get('/hedra/v3/models/elevenlabs-v3/voices', key);
  expect(voices.body.data[0]).toEqual({ id: voice_id, name: 'Rachel', preview_url: null, labels: expect.any(Object) });
  expect(voices.body.next_cursor).toBeNull();
});

it('voices are searched by what they are like', async () => {
  const search = async (query: string) => {
    const { body } = await sandbox.get(`/hedra/v3/models/elevenlabs-v3/voices/search?${query}`, key);
    return body.data?.map(({ name }: { name: string }) => name);
  };
  expect((await search('q=a+warm+Brian'))[0]).toBe('Brian');
  expect(await search('q=warm&gender=female&limit=2')).toEqual(['Rachel', 'Sarah']);
  expect(await search('q=warm&language=fr')).toEqual([]);
  expect(await search('limit=2')).toBeUndefined();
});

it('jobs are listed by pages, newest first, each with its time; of one model too', async () => {
  const mine = { authorization: 'Key pages:secret' };
  const list = async (query: string, path = 'jobs') => (await sandbox.get(`/hedra/v3/${path}?${query}`, mine)).body;
  for (const text of ['one', 'two', 'three']) await speech(text, {}, mine);
  const first = await list('limit=2');
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(first.data[0]).toEqual({
    job_id: expect.any(String),
    model: 'elevenlabs-v3',
    status: 'COMPLETED',
    created_at: time,
  });
  const second = await list(`limit=2&cursor=${first.next_cursor}`);
  expect([first.data.length, second.data.length, second.next_cursor]).toEqual([2, 1, null]);
  expect((await list('', 'models/elevenlabs-v3/jobs')).data).toHaveLength(3);
  expect((await list('', 'models/hedra-avatar/jobs')).data).toEqual([]);
});

it('an estimate is what the job then costs, and makes none', async () => {
  const input = { text: 'what does it cost', voice_id };
  const { status, body } = await sandbox.post('/hedra/v3/models/elevenlabs-v3/estimate', { input }, key);
  expect([status, body]).toEqual([200, { model: 'elevenlabs-v3', cost: expect.any(Number), currency: 'USD' }]);
  expect(await sandbox.submits(input.text)).toBe(0);
  const submitted = await speech(input.text);
  expect((await job(submitted.body.job_id)).cost).toBe(body.cost);
  const wrong = await sandbox.post('/hedra/v3/models/elevenlabs-v3/estimate', { input: { text: 'x' } }, key);
  expect([wrong.status, wrong.body.error.param]).toEqual([400, 'input.voice_id']);
});

describe('a stream', () => {
  /** The frames that have come so far; ends with the stream. */
  const follow = async (id: string) => {
    const { body, headers } = await fetch(`${sandbox.url}/hedra/v3/jobs/${id}/stream`, { headers: key });
    const seen = { type: headers.get('content-type'), text: '', ended: false };
    const reading = (async () => {
      for await (const chunk of body ?? []) seen.text += Buffer.from(chunk).toString();
      seen.ended = true;
    })().catch(() => undefined);
    return { seen, reading };
  };
  const statesOf = (text: string) => [...text.matchAll(/"status":"(\w+)"/g)].map(([, word]) => word);

  it('tells the state of now, each that follows, and its end', async () => {
    const { body } = await speech('[[sandbox:slow=1000]]');
    const { seen, reading } = await follow(body.job_id);
    await waitFor(() => expect(statesOf(seen.text)).toEqual(['IN_QUEUE']));
    await sandbox.advance(500);
    await waitFor(() => expect(statesOf(seen.text)).toEqual(['IN_QUEUE', 'IN_PROGRESS']));
    await sandbox.advance(500);
    await reading;
    expect(seen.type).toBe('text/event-stream');
    expect(statesOf(seen.text)).toEqual(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']);
    expect(seen.text).toMatch(/^event: status\nid: 0\ndata: {/);
    expect(seen.text).toMatch(/event: done\ndata: \[STREAM_DONE\]\n\n$/);
  });

  it('of a job that has failed ends at once, and one that hangs tells no end', async () => {
    const failed = await follow((await speech('[[sandbox:failed]]')).body.job_id);
    await failed.reading;
    expect(statesOf(failed.seen.text)).toEqual(['FAILED']);
    const hangs = await follow((await speech('[[sandbox:hang]] [[sandbox:slow=10]]')).body.job_id);
    await waitFor(() => expect(statesOf(hangs.seen.text)).toEqual(['IN_QUEUE']));
    await sandbox.advance(60);
    await waitFor(() => expect(statesOf(hangs.seen.text)).toEqual(['IN_QUEUE', 'IN_PROGRESS']));
    expect(hangs.seen.ended).toBe(false);
  });
});

describe('refusals', () => {
  it.each([
    ['a shape', { aspect_ratio: '2:1' }, 'input.aspect_ratio'],
    ['an unknown field', { seed: 1 }, 'input.seed'],
    ['a blank prompt', { prompt: ' ' }, 'input.prompt'],
    ['a public URL', { start_image: handle('https://example.com/face.png') }, 'input.start_image'],
    ['an unknown asset', { audio: { source: 'asset', asset_id: 'asset_x' } }, 'input.audio'],
  ])('%s is INVALID_ARGUMENT and names the field', async (_, input, param) => {
    const { status, body } = await avatar(input);
    expect([status, body.error.code, body.error.param]).toEqual([400, 'INVALID_ARGUMENT', param]);
    expect(body.trace_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('what may be is told', async () => {
    const { body } = await avatar({ resolution: '4k' });
    expect(body.error.details[0]).toMatchObject({ reason: 'enum', allowed: ['540p', '720p', '1080p'] });
  });

  it('a portrait that is no image, audio that is none', async () => {
    expect((await avatar({ start_image: handle(voice) })).body.error.message).toBe('the file is not an image');
    expect((await avatar({ audio: handle(portrait) })).body.error.message).toBe('the file is not audio');
    const text = await upload(Buffer.from('#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n'), 'audio/mpeg');
    expect((await avatar({ audio: handle(text) })).body.error.message).toBe('the file is not audio');
  });

  it.each([{}, { authorization: 'Key invalid' }, { authorization: 'Key invalid:x' }, { authorization: 'Basic a:b' }])(
    '%j is UNAUTHORIZED',
    async (headers) => {
      const { status, body } = await submit('hedra-avatar', {}, headers as Record<string, string>);
      expect([status, body.error.code]).toEqual([401, 'UNAUTHORIZED']);
    },
  );

  it.each([
    ['quota', 402, 'INSUFFICIENT_BALANCE'],
    ['content-rejected', 422, 'MODERATION_FAILED'],
    ['server-error', 500, 'INTERNAL'],
    ['server-error-once', 500, 'INTERNAL'],
    ['overloaded-once', 503, 'UNAVAILABLE'],
    ['rate-limited-once', 429, 'RESOURCE_EXHAUSTED'],
  ])('%s is %d %s', async (marker, status, code) => {
    const answer = await speech(`refused [[sandbox:${marker}]]`);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.headers.get('retry-after')).toBe(status === 429 ? '1' : null);
    expect(await sandbox.submits(`refused [[sandbox:${marker}]]`)).toBe(0);
  });

  it('an unknown model and a job of another key are NOT_FOUND', async () => {
    expect((await submit('nothing', {})).status).toBe(404);
    const { body } = await speech('mine');
    const other = await sandbox.get(`/hedra/v3/jobs/${body.job_id}`, { authorization: 'Bearer other:key' });
    expect(other.body.error.code).toBe('NOT_FOUND');
  });
});

it.each([
  ['failed', 'FAILED', 'INTERNAL'],
  ['output-moderated', 'FAILED', 'MODERATION_FAILED'],
  ['hang', 'IN_PROGRESS', undefined],
])('%s is a job that is %s', async (marker, status, code) => {
  const { body } = await speech(`[[sandbox:${marker}]]`);
  if (marker === 'hang') await sandbox.advance(60);
  const ended = await job(body.job_id);
  expect([ended.status, ended.error?.code]).toEqual([status, code]);
});

it('a webhook is signed with the published key', async () => {
  const { body } = await speech('called back [[sandbox:callback-twice]]', { webhook: `${receiver.url}/hedra` });
  await waitFor(() => expect(receiver.requests.filter(({ path }) => path === '/hedra')).toHaveLength(2));
  const { headers, body: sent } = receiver.requests.find(({ path }) => path === '/hedra')!;
  expect(headers['x-hedra-webhook-id']).toBe(body.job_id);
  expect(JSON.parse(sent)).toMatchObject({ job_id: body.job_id, status: 'COMPLETED' });
  expect(JSON.parse(sent)).not.toHaveProperty('cost');

  const { body: published } = await sandbox.get('/hedra/v3/webhooks/public-key', key);
  const spki = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(published.public_key, 'base64'),
  ]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const digest = createHash('sha256').update(sent).digest('hex');
  const signed = ['timestamp', 'id', 'event', 'redelivery'].map((name) => headers[`x-hedra-webhook-${name}`]);
  const signature = Buffer.from(String(headers['x-hedra-webhook-signature']), 'hex');
  expect(verify(null, Buffer.from([...signed, digest].join('\n')), publicKey, signature)).toBe(true);
});

it('a handle dies after an hour', async () => {
  const old = await upload(Buffer.from('old'), 'image/jpeg');
  await sandbox.advance(3_601);
  const { body } = await avatar({ start_image: handle(old) });
  expect(body.error.details[0].reason).toBe('expired');
  // The other tests go on with theirs.
  [portrait, voice] = await uploads();
});
