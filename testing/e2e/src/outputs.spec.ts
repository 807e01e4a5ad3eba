import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import {
  type Customer,
  eventually,
  Operator,
  type Platform,
  startPlatform,
  type TemporaryFolder,
  temporaryFolder,
  waitFor,
} from '@doitong/support';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type LiveVendor, startLiveVendor } from './live-vendor.js';
import { video } from './requests.js';

const CREDITS = 100_000;
const WORKER = 'worker-minimax';

/** In the sandbox's place. */
let vendor: LiveVendor;
/** Where services have their files for a moment. */
let temporary: TemporaryFolder;
let platform: Platform;
let operator: Operator;
let customer: Customer;

beforeAll(async () => {
  [vendor, temporary] = await Promise.all([startLiveVendor(), temporaryFolder()]);
  platform = await startPlatform(['minimax'], {
    SANDBOX_URL: vendor.url,
    // One place: what does not give it back shows.
    WORKER_CONCURRENCY: '1',
    // Outputs that can be had again are given up at once, and do not wait for this.
    STOP_GRACE_MS: '3600000',
    TMPDIR: temporary.path,
  });
  operator = await Operator.connect(platform.natsUrl('admin'));
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
  await vendor?.stop();
  await temporary?.remove();
}, 150_000);

beforeEach(async () => {
  customer = await operator.createCustomer(platform.gatewayUrl, { credits: CREDITS });
  vendor.submits.length = vendor.fetches = 0;
  vendor.file = whole;
});

const whole: LiveVendor['file'] = (response, _number, file) => response.end(file);
const image = (text: string) => ({ type: 'IMAGE', provider: 'minimax-image', input: { text } });

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
}

it('an output that drips is let go when its generation is cancelled, and its place in the worker taken by the next', async () => {
  vendor.file = drip;
  const { id } = await customer.generate(video('cancelled while it drips'));
  await eventually(() => vendor.fetches > 0, { timeoutMs: 60_000 });
  vendor.file = whole;
  await customer.ask('mutation ($id: ID!) { cancelGeneration(id: $id) }', { id });
  expect((await customer.ended(id)).status).toBe('CANCELLED');
  const next = await customer.generate(video('after it'));
  expect((await customer.ended(next.id, 100_000)).status).toBe('COMPLETED');
}, 240_000);

it('a worker that is asked to end while an output drips ends, and another one stores it', async () => {
  vendor.file = drip;
  const { id } = await customer.generate(video('handed over while it drips'));
  await eventually(() => vendor.fetches > 0, { timeoutMs: 60_000 });
  const [old] = platform.processes(WORKER);
  expect(await old!.stop()).toBe(0);
  vendor.file = whole;
  await platform.kill(WORKER);
  await platform.start(WORKER);
  expect((await customer.ended(id, 100_000)).status).toBe('COMPLETED');
  expect(vendor.submits).toHaveLength(1);
}, 300_000);

it('what a worker that was killed had of an output on disk is cleared by the next that starts', async () => {
  vendor.file = (response) => {
    response.write(Buffer.alloc(9 * 1024 * 1024));
    drip(response);
  };
  const { id } = await customer.generate(video('half of it is there'));
  const left = await eventually(async () => (await readdir(temporary.path))[0], { timeoutMs: 60_000 });
  await platform.kill(WORKER);
  expect(await readdir(temporary.path)).toContain(left);
  vendor.file = whole;
  await platform.start(WORKER);
  expect(await readdir(temporary.path)).not.toContain(left);
  expect((await customer.ended(id, 100_000)).status).toBe('COMPLETED');
}, 300_000);

it.each([
  ['a video, whose file server is away for a while', video, (response: ServerResponse) => response.destroy()],
  ['a video, whose file server is overloaded', video, (response: ServerResponse) => response.writeHead(503).end()],
  ['an image that came with the answer, the same', image, (response: ServerResponse) => response.destroy()],
])(
  '%s is stored when that is back',
  async (what, request, fail) => {
    // More than the four quick tries, three times over.
    vendor.file = (response, number, file) => (number <= 14 ? fail(response) : response.end(file));
    const { id } = await customer.generate(request(what));
    const ended = await customer.ended(id, 100_000);
    expect(ended).toMatchObject({ status: 'COMPLETED', error: null });
    expect(vendor.submits).toHaveLength(1);
    expect(await customer.settled()).toEqual({ credits: CREDITS - ended.creditCost, held: 0 });
  },
  240_000,
);

it.each([
  ['a video', video],
  ['an image that came with the answer', image],
])(
  '%s is stored when our own store, which was out of order, is in order again',
  async (what, request) => {
    const incoming = join(platform.assetDirectory, '.incoming');
    const [worker] = platform.processes(WORKER);
    const logged = worker!.logs().length;
    await rm(incoming, { recursive: true });
    try {
      const { id } = await customer.generate(request(what));
      await waitFor(() => expect(worker!.logs().slice(logged).join()).toContain('output not stored, will try again'));
      await mkdir(incoming);
      const ended = await customer.ended(id, 100_000);
      expect(ended).toMatchObject({ status: 'COMPLETED', error: null });
      expect(vendor.submits).toHaveLength(1);
    } finally {
      await mkdir(incoming, { recursive: true });
    }
  },
  240_000,
);

it.each([
  ['a video that is an image', video, 'still.png', 'The file is IMAGE (png), not VIDEO'],
  ['an image that is a video', image, 'h264.mp4', 'The file is VIDEO (mp4), not IMAGE'],
])('%s is lost, with what was found in the log, and charged to nobody', async (what, request, name, found) => {
  const file = await readFile(new URL(`../../../libs/media/src/__fixtures__/${name}`, import.meta.url));
  vendor.file = (response) => response.end(file);
  const { id } = await customer.generate(request(what));
  const { status, error } = await customer.ended(id);
  expect([status, error?.code, error?.stage]).toEqual(['FAILED', 'GENERATION_FAILED', 'DELIVERY']);
  expect(vendor.fetches).toBe(1);
  expect(await customer.settled()).toEqual({ credits: CREDITS, held: 0 });
  const [worker] = platform.processes(WORKER);
  await waitFor(() => expect(worker!.logs().join()).toContain(found));
});

it('a redirect of a vendor into our own network is not followed', async () => {
  const inside = new URL(platform.gatewayUrl);
  vendor.file = (response) => response.writeHead(302, { location: `${inside.origin}/healthz` }).end();
  const { id } = await customer.generate(video('led inside'));
  expect(await customer.ended(id)).toMatchObject({ status: 'FAILED', error: { stage: 'DELIVERY' } });
  expect(vendor.fetches).toBe(1);
  const [worker] = platform.processes(WORKER);
  await waitFor(() => expect(worker!.logs().join()).toContain('does not lead to a public address'));
});
