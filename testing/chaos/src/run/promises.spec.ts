import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { Clients } from './clients.js';
import { customersOf } from './customers.js';
import { Fleet } from './fleet.js';
import { checkPromises, type Witnesses } from './promises.js';
import { startIllMannered } from './receiver.js';
import { Violations } from './violations.js';
import type { Wish } from './wishes.js';

let fleet: Fleet;
let receiver: Awaited<ReturnType<typeof startIllMannered>>;
let witnesses: Witnesses;

const wishOf = (number: number): Wish => ({
  number,
  mark: `wish 0-${number}.`,
  key: `spec-${number}`,
  provider: 'flux-dev',
  account: 0,
  calls: 2,
  input: {
    type: 'IMAGE',
    provider: 'flux-dev',
    input: { text: `A quiet sea, wish 0-${number}.` },
    options: { width: 256, height: 256 },
  },
});

beforeAll(async () => {
  const violations = new Violations();
  fleet = await Fleet.start(['black-forest-labs'], 1, violations);
  receiver = await startIllMannered();
  const customers = await customersOf(fleet, [10]);
  const clients = new Clients(fleet, [customers[0]!.customer], receiver.url, violations);
  await Promise.all([1, 2, 3].map((number) => clients.grant(wishOf(number))));
  witnesses = { fleet, customers, granted: clients.granted, received: receiver.requests, violations };
}, 300_000);

afterAll(async () => {
  await receiver?.stop();
  await fleet?.stop();
}, 150_000);

/** What is found when the witnesses saw this instead. */
async function foundWith(changes: Partial<Witnesses>): Promise<string> {
  const violations = new Violations();
  await checkPromises({ ...witnesses, received: receiver.requests, ...changes, violations });
  return violations.lines.join('\n');
}

const accepted = () => witnesses.granted.accepted;
const granting = (changed: Witnesses['granted']['accepted']) => ({
  granted: { ...witnesses.granted, accepted: changed },
});
const sql = async (text: string, values: unknown[] = []) => {
  const client = new pg.Client({ connectionString: fleet.platform.databaseUrl });
  await client.connect();
  await client.query(text, values).finally(() => client.end());
};

it('what went well breaks no promise', async () => {
  expect(await foundWith({})).toBe('');
}, 120_000);

it('a generation that is gone is seen', async () => {
  const lost = { ...accepted()[0]!, id: 'gen_lost' };
  expect(await foundWith(granting([lost]))).toContain('gen_lost was accepted and is gone');
}, 120_000);

it('an answer with the generation of another key is seen', async () => {
  const [one, other] = accepted();
  expect(await foundWith(granting([{ ...one!, id: other!.id }]))).toContain('which is not its own');
}, 120_000);

it('a provider that the caller did not choose is seen', async () => {
  const [one] = accepted();
  const moved = { ...one!, wish: { ...one!.wish, provider: 'flux-pro' } };
  expect(await foundWith(granting([moved]))).toContain('asked for flux-pro and got flux-dev');
}, 120_000);

it('more under way than an account may have is seen', async () => {
  const customers = witnesses.customers.map((customer) => ({ ...customer, concurrent: 0 }));
  expect(await foundWith({ customers })).toMatch(/had [1-3] under way and may have 0/);
}, 120_000);

it('an end that nobody was told of is seen, and one that is signed by somebody else', async () => {
  expect(await foundWith({ received: [] })).toContain('nobody was told');
  const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
  const customers = witnesses.customers.map((customer) => ({ ...customer, secret }));
  expect(await foundWith({ customers })).toContain('is not signed');
}, 120_000);

it('a second submit of one attempt is seen', async () => {
  const response = await fetch(`${fleet.platform.sandboxUrl}/black-forest-labs/v1/flux-dev`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-key': 'somebody' },
    body: JSON.stringify({ prompt: 'A quiet sea, wish 0-1.', width: 256, height: 256 }),
  });
  expect(response.status).toBe(200);
  expect(await foundWith({})).toContain('took 2 submits');
}, 120_000);

it('a prompt in the logs is seen', async () => {
  const [one] = accepted();
  const logged = { ...one!, wish: { ...one!.wish, mark: '"service":"billing"' } };
  expect(await foundWith(granting([logged]))).toContain('billing logged a prompt');
}, 120_000);

it('credits that do not add up are seen', async () => {
  const id = accepted()[0]!.id;
  await sql(`UPDATE billing.holds SET status = 'RELEASED', captured_credits = 0 WHERE generation_id = $1`, [id]);
  expect(await foundWith({})).toContain(`${id} is COMPLETED and its hold RELEASED`);
}, 120_000);

it('an output that is not there is seen', async () => {
  await rm(`${fleet.platform.assetDirectory}/${accepted()[1]!.id}`, { recursive: true });
  expect(await foundWith({})).toMatch(/is COMPLETED and its output answers 404/);
}, 120_000);

it('a process that ended by itself is seen', async () => {
  const [service] = fleet.platform.processes('worker-black-forest-labs');
  process.kill(service!.pid, 'SIGKILL');
  await service!.kill();
  expect(await foundWith({})).toContain('worker-black-forest-labs died by itself');
}, 120_000);
