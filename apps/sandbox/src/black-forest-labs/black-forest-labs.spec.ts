import { type Receiver, startReceiver, waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSandbox, type TestSandbox } from '../__fixtures__/sandbox.js';

const key = { 'x-key': 'some-key' };
let sandbox: TestSandbox;
let receiver: Receiver;
beforeAll(async () => {
  [sandbox, receiver] = await Promise.all([startSandbox(), startReceiver()]);
});
afterAll(() => Promise.all([sandbox.stop(), receiver.stop()]));

const submit = (body: object, model = 'flux-dev', headers: Record<string, string> = key) =>
  sandbox.post(`/black-forest-labs/v1/${model}`, body, headers);
const result = async (prompt: string) => {
  const { body } = await submit({ prompt, width: 256, height: 256 });
  return (await sandbox.get(body.polling_url, key)).body;
};

it('a submit tells the URL to poll, which is not the path that one would guess', async () => {
  const { status, body } = await submit({ prompt: 'a fox', width: 512, height: 256, seed: 7 });
  expect(status).toBe(200);
  expect(body).toEqual({ id: body.id, polling_url: expect.any(String), cost: 2.5, input_mp: 0, output_mp: 0.13 });
  expect(body.polling_url).not.toContain('/v1/flux');
  const guessed = await sandbox.get(`/black-forest-labs/v1/get_result?id=${body.id}`, key);
  expect(guessed.body.status).toBe('Task not found');

  const { body: ready } = await sandbox.get(body.polling_url, key);
  expect(ready).toMatchObject({ id: body.id, status: 'Ready', result: { prompt: 'a fox', seed: 7 }, details: null });
  expect(ready.result.sample).toMatch(/sample\.jpeg\?se=\d+&sig=/);
  expect((await sandbox.get(body.polling_url, { 'x-key': 'other' })).body.status).toBe('Task not found');
});

it.each([
  ['flux-dev', { prompt: 'x' }, 1024, 768],
  ['flux-pro-1.1', { width: 1440, height: 256 }, 1440, 256],
  ['flux-pro-1.1-ultra', { prompt: 'x' }, 2736, 1536],
  ['flux-kontext-pro', { prompt: 'x', aspect_ratio: '16:9' }, 1360, 768],
  ['flux-kontext-max', { prompt: 'x' }, 1024, 1024],
])('%s makes an image of the asked or its own size', async (model, body, width, height) => {
  expect((await submit(body, model)).body.output_mp).toBe(Math.round((width * height) / 10_000) / 100);
});

it('flux-pro is no more', async () => {
  expect((await submit({ prompt: 'x' }, 'flux-pro')).status).toBe(404);
});

describe('refusals', () => {
  it.each([
    [{ prompt: 'x', width: 500 }, 'width'],
    [{ prompt: 'x', width: 2048 }, 'width'],
    [{ prompt: 'x', safety_tolerance: 7 }, 'safety_tolerance'],
    [{ prompt: 'x', output_format: 'gif' }, 'output_format'],
  ])('%j is a 422 that names the field', async (body, field) => {
    const { status, body: refusal } = await submit(body);
    expect(status).toBe(422);
    expect(refusal.detail[0]).toMatchObject({
      loc: ['body', field],
      msg: expect.any(String),
      type: expect.any(String),
    });
  });

  it('a shape wider than 21:9 is a 422', async () => {
    expect((await submit({ prompt: 'x', aspect_ratio: '3:1' }, 'flux-kontext-pro')).status).toBe(422);
    expect((await submit({ aspect_ratio: '1:1' }, 'flux-kontext-pro')).body.detail[0].type).toBe('missing');
  });

  it('no key and the key "invalid" are a 403', async () => {
    expect((await submit({ prompt: 'x' }, 'flux-dev', {})).status).toBe(403);
    expect((await submit({ prompt: 'x' }, 'flux-dev', { 'x-key': 'invalid' })).status).toBe(403);
    expect((await sandbox.get('/black-forest-labs/v1/credits', key)).body).toEqual({ credits: expect.any(Number) });
  });

  it('text that is no JSON is a 422', async () => {
    const response = await fetch(`${sandbox.url}/black-forest-labs/v1/flux-dev`, {
      method: 'POST',
      headers: { ...key, 'content-type': 'application/json' },
      body: '{"prompt":',
    });
    expect(response.status).toBe(422);
  });

  it.each([
    ['quota', 402],
    ['server-error', 500],
    ['server-error-once', 500],
    ['overloaded-once', 503],
    ['rate-limited-once', 429],
  ])('%s is a %d, and nothing is accepted', async (marker, status) => {
    const prompt = `refused [[sandbox:${marker}]]`;
    expect((await submit({ prompt })).status).toBe(status);
    expect(await sandbox.submits(prompt)).toBe(0);
    expect((await submit({ prompt })).status).toBe(marker.endsWith('once') ? 200 : status);
    expect(await sandbox.asked(prompt)).toBe(2);
  });

  it('a marker that does not exist is a 400 that says so', async () => {
    const { status, body } = await submit({ prompt: '[[sandbox:hangs]]' });
    expect([status, body.error]).toEqual([400, 'the sandbox knows no [[sandbox:hangs]]']);
  });
});

it.each([
  ['content-rejected', 'Request Moderated'],
  ['output-moderated', 'Content Moderated'],
  ['failed', 'Error'],
  ['hang', 'Pending'],
])('%s is a task that is %s, under HTTP 200', async (marker, status) => {
  expect(await result(`[[sandbox:${marker}]]`)).toMatchObject({ status, result: null });
});

it('proxy-error-once accepts and records, then answers with the page of a gateway', async () => {
  const prompt = 'behind a gateway [[sandbox:proxy-error-once]]';
  const { status, headers, body } = await submit({ prompt });
  expect([status, headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8']);
  expect(body.toString()).toContain('502 Bad Gateway');
  expect([await sandbox.submits(prompt), await sandbox.asked(prompt)]).toEqual([1, 1]);
  expect((await submit({ prompt })).status).toBe(200);
});

it('proxy-refusal-once answers the first poll with the page of a gateway, and no other', async () => {
  const { body } = await submit({ prompt: '[[sandbox:proxy-refusal-once]]' });
  const polls = [];
  for (let poll = 0; poll < 3; poll += 1) polls.push(await sandbox.get(body.polling_url, key));
  expect(polls.map(({ status }) => status)).toEqual([403, 200, 200]);
  expect(polls[0]?.headers.get('content-type')).toMatch('text/html');
  expect(polls[2]?.body.status).toBe('Ready');
});

it('answer-lost accepts and records, then breaks the connection', async () => {
  await expect(submit({ prompt: 'lost [[sandbox:answer-lost]]' })).rejects.toThrow();
  expect(await sandbox.submits('lost')).toBe(1);
});

it('slow=100 takes a hundred seconds, at any speed', async () => {
  const { body } = await submit({ prompt: '[[sandbox:slow=100]]' });
  expect((await sandbox.get(body.polling_url, key)).body).toMatchObject({ status: 'Pending', result: null });
  await sandbox.advance(100);
  expect((await sandbox.get(body.polling_url, key)).body.status).toBe('Ready');
});

describe('webhooks', () => {
  const hooked = async (path: string, prompt: string) => {
    const webhook_url = receiver.url + path;
    const { body } = await submit({ prompt, webhook_url, webhook_secret: 's3cret' });
    const sent = await waitFor(() => {
      const found = receiver.requests.filter((request) => request.path === path);
      expect(found.length).toBeGreaterThan(0);
      return found;
    });
    return { submitted: body, sent };
  };

  it('change the answer to the submit, bring the result and prove themselves', async () => {
    const { submitted, sent } = await hooked('/bfl', 'hooked');
    expect(submitted).toMatchObject({ status: 'Pending', webhook_url: `${receiver.url}/bfl` });
    expect(submitted.polling_url).toBeUndefined();
    expect(sent[0]?.headers['x-webhook-secret']).toBe('s3cret');
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ id: submitted.id, status: 'Ready', result: {} });
    const { body } = await sandbox.get(`/black-forest-labs/v1/get_result?id=${submitted.id}`, key);
    expect(body.status).toBe('Ready');
  });

  it('come again after a second when they were not taken', async () => {
    receiver.answerNext({ status: 503 });
    await hooked('/bfl-again', 'hooked again');
    await sandbox.advance(1);
    await waitFor(() => expect(receiver.requests.filter(({ path }) => path === '/bfl-again')).toHaveLength(2));
  });

  it('callback-twice sends each twice', async () => {
    await hooked('/bfl-twice', '[[sandbox:callback-twice]]');
    await waitFor(() => expect(receiver.requests.filter(({ path }) => path === '/bfl-twice')).toHaveLength(2));
  });
});
