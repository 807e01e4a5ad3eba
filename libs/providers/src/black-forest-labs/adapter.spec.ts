import { priceOf } from '@doitong/contracts';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { VendorContext } from '../kit/index.js';
import { fixturesOf, type Reply, type ScriptedVendor, scriptedVendor } from '../kit/testing/loopback.js';
import { type Asked, requestOf } from '../kit/testing/request.js';
import { family } from './index.js';
import { pixels } from './models.js';
import { pollingUrl } from './wire.js';

const fixture = fixturesOf(import.meta.url);
const json = (name: string, status = 200): Reply => ({ status, json: fixture(`${name}.json`) });
const id = '6f8c2a9e-1f1b-4f0d-9d4e-0b6f7a0d1c22';

let vendor: ScriptedVendor;
// Not every test has one.
afterEach(() => (vendor as ScriptedVendor | undefined)?.close());

async function submit(path: string, asked: Asked, reply = json('submit'), over: Partial<VendorContext> = {}) {
  vendor = await scriptedVendor({ [`POST /v1/${path}`]: reply });
  return family.adapter.submit(requestOf(family, asked), vendor.context(over)).catch((error) => error);
}

async function poll(reply: Reply, state: Record<string, unknown> = {}) {
  vendor = await scriptedVendor({ 'GET /v1/get_result': reply });
  return family.adapter.poll({ id, state }, vendor.context()).catch((error) => error);
}

describe('a submit', () => {
  it('the published sample asks ultra for its shape', async () => {
    const options = { aspectRatio: '16:9', quality: 'ultra', seed: 42 };
    await submit('flux-pro-1.1-ultra', { provider: 'flux-ultra', input: { text: 'a portrait' }, options });
    expect(vendor.heard[0]?.headers['x-key']).toBeDefined();
    expect(vendor.heard[0]?.json).toEqual({
      prompt: 'a portrait',
      aspect_ratio: '16:9',
      raw: false,
      seed: 42,
      prompt_upsampling: false,
      safety_tolerance: 2,
      output_format: 'jpeg',
    });
  });

  it('models that take pixels get those of the shape, or those asked for', async () => {
    const asked = { provider: 'flux-dev', input: { text: 'a fox' } };
    await submit('flux-dev', { ...asked, options: { aspectRatio: '9:16', quality: 'high' } });
    expect(vendor.heard[0]?.json).toMatchObject({ width: 768, height: 1376, steps: 50, guidance: 3 });
    await vendor.close();
    await submit('flux-dev', { ...asked, options: { width: 512, height: 320, quality: 'high', steps: 10 } });
    expect(vendor.heard[0]?.json).toMatchObject({ width: 512, height: 320, steps: 10 });
  });

  it('one side without the other is refused', () => {
    expect(() => requestOf(family, { provider: 'flux-dev', input: { text: 'a' }, options: { width: 512 } })).toThrow();
  });

  it('an image prompt is sent as its bytes, an image to edit as its URL', async () => {
    const input = { text: 'make it blue', image: 'https://example.com/car.png' };
    await submit('flux-pro-1.1', { provider: 'flux-pro-1.1', input });
    expect(vendor.heard[0]?.json).toMatchObject({ image_prompt: Buffer.from('input').toString('base64') });
    await vendor.close();
    await submit('flux-kontext-pro', { provider: 'flux-kontext', input });
    expect(vendor.heard[0]?.json).toMatchObject({ input_image: input.image });
    expect(vendor.heard[0]?.json).not.toHaveProperty('aspect_ratio');
  });

  it('never asks for a webhook, which would cost the polling URL', async () => {
    const asked = { provider: 'flux-dev', input: { text: 'a fox' } };
    await submit('flux-dev', asked, json('submit'), { callbackUrl: 'https://app.example.com/hook' });
    expect(vendor.heard[0]?.text).not.toContain('hook');
  });

  it.each([
    [402, 'balance'],
    [403, 'forbidden'],
    [429, 'rate-limited'],
    [422, 'invalid-input'],
    [500, 'server-error'],
    [503, 'server-error'],
  ])('HTTP %d is %s', async (status, kind) => {
    const asked = { provider: 'flux-dev', input: { text: 'a fox' } };
    expect(await submit('flux-dev', asked, json('validation-error', status))).toMatchObject({ kind });
  });

  it('an invalid key is told by its words, not by HTTP 403 alone', async () => {
    const asked = { provider: 'flux-dev', input: { text: 'a fox' } };
    const reply = { status: 403, json: { detail: 'Not authenticated - API key is missing, invalid or expired' } };
    expect(await submit('flux-dev', asked, reply)).toMatchObject({ kind: 'credential' });
  });

  it('the retired flux-pro is served by its successor', async () => {
    const asked = { provider: 'flux-pro', model: 'flux-pro', input: { text: 'a fox' } };
    expect(await submit('flux-pro-1.1', asked)).toMatchObject({ kind: 'task', task: { id } });
  });
});

describe('a poll', () => {
  it('of a finished task gives the image, and what the submit said that it costs', async () => {
    expect(await poll(json('result-ready'), { costMicroUsd: 40_000 })).toEqual({
      status: 'succeeded',
      output: {
        source: { url: 'https://delivery-us1.bfl.ai/results/x/sample.jpeg?se=1&sig=2' },
        costMicroUsd: 40_000,
      },
    });
  });

  it('the cost is durable with the task', async () => {
    const { task } = await submit('flux-dev', { provider: 'flux-dev', input: { text: 'a fox' } });
    expect(task.state.costMicroUsd).toBe(40_000);
  });

  it.each([
    ['2.5', 25_000],
    ['about 2', undefined],
    [-1, undefined],
    [{ credits: 2 }, undefined],
  ])('a cost of %j loses no submit', async (cost, costMicroUsd) => {
    const reply = { json: { id, cost, polling_url: 7 } };
    const submission = await submit('flux-dev', { provider: 'flux-dev', input: { text: 'a fox' } }, reply);
    expect(submission).toEqual({ kind: 'task', task: { id, state: { costMicroUsd, pollingUrl: undefined } } });
  });

  it.each(['Pending', 'Reasoning', 'Generating', 'Dreaming'])('%s means running', async (status) => {
    expect(await poll({ json: { ...(fixture('result-pending.json') as object), status } })).toEqual({
      status: 'running',
    });
  });

  it.each([
    ['Request Moderated', 'content-rejected', 0],
    ['Content Moderated', 'content-rejected', 0],
    ['Error', 'failed', undefined],
    ['Failed', 'failed', undefined],
    ['Task not found', 'failed', undefined],
  ])('%s is %s, and costs %s', async (status, kind, cost) => {
    const error = await poll({ json: { ...(fixture('result-moderated.json') as object), status } });
    expect(error).toMatchObject({ kind });
    expect(error.costMicroUsd).toBe(cost);
  });

  it.each([200, 404])('that does not find the task is only half believed (HTTP %d)', async (status) => {
    expect(await poll(json('result-not-found', status))).toMatchObject({ kind: 'failed', doubtful: true });
  });
});

describe('the polling URL', () => {
  const live = 'https://api.bfl.ai';
  it.each([
    ['https://api.us1.bfl.ai/v1/get_result?id=1', 'https://api.us1.bfl.ai/v1/get_result?id=1'],
    ['https://bfl.ai/v1/get_result', 'https://bfl.ai/v1/get_result?id=1'],
    ['http://api.us1.bfl.ai/v1/get_result?id=1', `${live}/v1/get_result?id=1`],
    ['https://bfl.ai.example.com/v1/get_result?id=1', `${live}/v1/get_result?id=1`],
    ['https://evilbfl.ai/v1/get_result?id=1', `${live}/v1/get_result?id=1`],
    ['not a url', `${live}/v1/get_result?id=1`],
    [undefined, `${live}/v1/get_result?id=1`],
  ])('%s is polled at %s', (given, polled) => {
    expect(pollingUrl(given, '1', live)).toBe(polled);
  });

  it('on the origin of the base URL is polled, and the credential goes there', async () => {
    vendor = await scriptedVendor({ 'GET /cluster-2/result': json('result-pending') });
    const state = { pollingUrl: `${vendor.baseUrl}/cluster-2/result?id=${id}` };
    await family.adapter.poll({ id, state }, vendor.context());
    expect(vendor.heard[0]?.headers['x-key']).toBe(vendor.context().credential);
  });
});

it.each(Object.entries(pixels))('%s is a shape that the vendor takes', (ratio, [width, height]) => {
  const [across = 1, down = 1] = ratio.split(':').map(Number);
  expect(Math.abs(width / height / (across / down) - 1)).toBeLessThan(0.02);
  for (const side of [width, height]) {
    expect(side % 32).toBe(0);
    expect(side).toBeGreaterThanOrEqual(256);
    expect(side).toBeLessThanOrEqual(1440);
  }
});

it.each([
  ['flux-dev', 50],
  ['flux-pro', 100],
  ['flux-pro-1.1', 250],
  ['flux-ultra', 200],
])('%s costs the published %d credits, whichever of its models serves', (provider, credits) => {
  const { models } = family.manifest.providers.find(({ id }) => id === provider)!;
  expect(models.map(({ price }) => priceOf(price, { text: 'a fox' }, {}))).toEqual(models.map(() => credits));
});
