import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type TestSandbox } from '../__fixtures__/sandbox.js';

const key = { 'xi-api-key': 'some-key' };
const rachel = '21m00Tcm4TlvDq8ikWAM';
const sarah = 'EXAVITQu4vr4xnSDxMaL';
let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

const speak = (body: object, query = '', voice = rachel, headers: Record<string, string> = key) =>
  sandbox.post(`/elevenlabs/v1/text-to-speech/${voice}${query}`, body, headers);

it('speech is answered as bytes, with the headers of the vendor', async () => {
  const { status, headers, body } = await speak({ text: 'Hello there.', model_id: 'eleven_flash_v2_5' });
  expect([status, headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
  expect(headers.get('request-id')).toMatch(/^[0-9a-f]{32}$/);
  expect(headers.get('character-cost')).toBe('6');
  expect(headers.get('current-concurrent-requests')).toBe('1');
  expect(headers.get('maximum-concurrent-requests')).toBe('5');
  expect(headers.get('history-item-id')).toBeTruthy();
  expect(body.length).toBeGreaterThan(1_000);
});

it('the format is a query parameter: in the body it is ignored', async () => {
  const text = 'Fourteen bytes';
  const pcm = await speak({ text }, '?output_format=pcm_16000');
  expect([pcm.headers.get('content-type'), pcm.body.length]).toEqual(['audio/pcm', 2 * 16_000]);
  const mp3 = await speak({ text, output_format: 'pcm_16000' });
  expect(mp3.headers.get('content-type')).toBe('audio/mpeg');
  const ulaw = await speak({ text }, '?output_format=ulaw_8000');
  expect(ulaw.body.length).toBe(8_000);
});

it('the length follows the text and the speed', async () => {
  const text = 'x'.repeat(140);
  const bytes = async (speed: number) =>
    (await speak({ text, voice_settings: { speed } }, '?output_format=pcm_8000')).body.length;
  expect([await bytes(1), await bytes(1.2)]).toEqual([160_000, 133_280]);
});

it('a stream has the same bytes in chunks', async () => {
  const text = 'streamed';
  const whole = await speak({ text });
  const stream = await speak({ text }, '/stream');
  expect(stream.headers.get('transfer-encoding')).toBe('chunked');
  expect(stream.body.equals(whole.body)).toBe(true);
});

it('timestamps give each character its time', async () => {
  const { body } = await speak({ text: 'Hi you' }, '/with-timestamps');
  expect(body.alignment.characters).toEqual(['H', 'i', ' ', 'y', 'o', 'u']);
  expect(body.alignment.character_start_times_seconds[0]).toBe(0);
  expect(body.alignment.character_end_times_seconds.at(-1)).toBe(0.5);
  expect(Buffer.from(body.audio_base64, 'base64').length).toBeGreaterThan(1_000);

  const lines = await fetch(`${sandbox.url}/elevenlabs/v1/text-to-speech/${rachel}/stream/with-timestamps`, {
    method: 'POST',
    headers: { ...key, 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'Hi you' }),
  });
  const chunks = (await lines.text()).trim().split('\n');
  const bytes = chunks.map((line) => Buffer.from(JSON.parse(line).audio_base64, 'base64'));
  expect(Buffer.concat(bytes).toString('base64')).toBe(body.audio_base64);
});

describe('the history', () => {
  const history = async (query = '') => (await sandbox.get(`/elevenlabs/v1/history${query}`, key)).body;

  it('has a speech whose answer was lost, with its audio', async () => {
    const text = 'lost [[sandbox:answer-lost]]';
    await expect(speak({ text }, '', sarah)).rejects.toThrow();
    expect(await sandbox.submits(text)).toBe(1);
    const { history: items } = await history(`?voice_id=${sarah}`);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ text, voice_id: sarah, voice_name: 'Sarah', model_id: 'eleven_multilingual_v2' });
    const audio = await sandbox.get(`/elevenlabs/v1/history/${items[0].history_item_id}/audio`, key);
    expect([audio.status, audio.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
  });

  it('is paged, newest first, and only of the own key', async () => {
    for (const text of ['one', 'two', 'three']) await speak({ text });
    const first = await history('?page_size=2');
    expect(first.history.map(({ text }: { text: string }) => text)).toEqual(['three', 'two']);
    expect(first.has_more).toBe(true);
    const second = await history(`?page_size=1&start_after_history_item_id=${first.last_history_item_id}`);
    expect(second.history[0].text).toBe('one');
    expect((await sandbox.get('/elevenlabs/v1/history', { 'xi-api-key': 'other' })).body.history).toEqual([]);
  });

  it('has nothing that was spoken without logging', async () => {
    const { headers } = await speak({ text: 'secret' }, '?enable_logging=false');
    expect(headers.get('history-item-id')).toBeNull();
    expect((await history('?search=secret')).history).toEqual([]);
  });
});

it('legacy voices speak, but are listed only on request', async () => {
  const names = async (query = '') => {
    const { body } = await sandbox.get(`/elevenlabs/v1/voices${query}`, key);
    return body.voices.map(({ name }: { name: string }) => name) as string[];
  };
  expect(await names()).toContain('George');
  expect(await names()).not.toContain('Rachel');
  expect(await names('?show_legacy=true')).toContain('Rachel');
  const found = await sandbox.get('/elevenlabs/v2/voices?search=geo&page_size=5', key);
  expect(found.body).toMatchObject({ has_more: false, total_count: 1, voices: [{ name: 'George' }] });
  const page = await sandbox.get('/elevenlabs/v2/voices', key);
  expect(page.body).toMatchObject({ has_more: true, next_page_token: '10' });
});

it('models tell their limits, the subscription what was used', async () => {
  const { body: models } = await sandbox.get('/elevenlabs/v1/models', key);
  const v3 = models.find(({ model_id }: { model_id: string }) => model_id === 'eleven_v3');
  expect(v3.maximum_text_length_per_request).toBe(5_000);
  const other = { 'xi-api-key': 'counted' };
  await speak({ text: '12345' }, '', rachel, other);
  const { body } = await sandbox.get('/elevenlabs/v1/user/subscription', other);
  expect(body.character_count).toBe(5);
});

describe('errors', () => {
  it.each([
    ['no key', () => speak({ text: 'x' }, '', rachel, {}), 401, 'needs_authorization'],
    ['the key "invalid"', () => speak({ text: 'x' }, '', rachel, { 'xi-api-key': 'invalid' }), 401, 'invalid_api_key'],
    ['an unknown voice', () => speak({ text: 'x' }, '', 'nobody'), 404, 'voice_not_found'],
    ['an unknown format', () => speak({ text: 'x' }, '?output_format=mp3_1_1'), 400, 'invalid_parameters'],
    [
      'too much text',
      () => speak({ text: 'x'.repeat(5001), model_id: 'eleven_v3' }),
      400,
      'max_character_limit_exceeded',
    ],
    ['quota', () => speak({ text: '[[sandbox:quota]]' }), 401, 'quota_exceeded'],
    ['content-rejected', () => speak({ text: '[[sandbox:content-rejected]]' }), 400, 'content_against_policy'],
    ['server-error', () => speak({ text: '[[sandbox:server-error]]' }), 500, 'internal_error'],
    ['overloaded-once', () => speak({ text: '[[sandbox:overloaded-once]]' }), 429, 'system_busy'],
    ['server-error-once', () => speak({ text: '[[sandbox:server-error-once]]' }), 500, 'internal_error'],
    ['rate-limited-once', () => speak({ text: '[[sandbox:rate-limited-once]]' }), 429, 'rate_limit_exceeded'],
    ['failed', () => speak({ text: '[[sandbox:failed]]' }), 500, 'internal_error'],
  ])('%s', async (_, ask, status, code) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    const detail = { code, status: code, type: expect.any(String), message: expect.any(String) };
    expect(answer.body.detail).toMatchObject(detail);
    expect(answer.headers.get('retry-after')).toBe(code === 'rate_limit_exceeded' ? '1' : null);
  });

  it('a field of the wrong kind is a 422 with a list', async () => {
    const { status, body } = await speak({ text: 'x', voice_settings: { stability: 2 } });
    expect([status, body.detail[0].loc.slice(0, 2)]).toEqual([422, ['body', 'voice_settings']]);
    expect((await speak({})).body.detail).toEqual([{ loc: ['body', 'text'], msg: 'Field required', type: 'missing' }]);
  });

  it('old-errors words them as in former years', async () => {
    const quota = await speak({ text: '[[sandbox:old-errors]] [[sandbox:quota]]' });
    expect([quota.status, quota.body]).toEqual([
      401,
      { detail: { status: 'quota_exceeded', message: expect.any(String) } },
    ]);
    const voice = await speak({ text: '[[sandbox:old-errors]]' }, '', 'nobody');
    expect([voice.status, voice.body.detail.status]).toEqual([400, 'voice_not_found']);
  });
});
