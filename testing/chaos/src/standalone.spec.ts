import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@doitong/local-servers';
import {
  Customer,
  eventually,
  Operator,
  passTime,
  type Service,
  startReceiver,
  startService,
  type TemporaryFolder,
  temporaryFolder,
} from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tasksKnown } from './tasks-known.js';

interface StandaloneFile {
  graphqlUrl: string;
  baseUrl: string;
  sandboxUrl: string;
  managementUrl: string;
  natsUrl: string;
  databaseUrl: string;
  testKey: string;
  accountId: string;
  pid: number;
}

let folder: TemporaryFolder;
let env: Record<string, string>;
let port: number;
let standalone: Service;
/** What the demo account has before any test. */
let opening: { credits: number; held: number };

/** Started, and with its file written anew, which is its last step. */
async function start(): Promise<Service> {
  const started = await startService('standalone', env, { port });
  await eventually(async () => (await file().catch(() => undefined))?.pid === started.pid, {
    timeoutMs: 60_000,
  });
  return started;
}
const file = async () => JSON.parse(await readFile(join(folder.path, 'standalone.json'), 'utf8')) as StandaloneFile;
const customer = async () => {
  const { baseUrl, accountId, testKey } = await file();
  return new Customer(baseUrl, accountId, testKey);
};

beforeAll(async () => {
  folder = await temporaryFolder();
  port = await freePort();
  env = {
    DATA_DIR: folder.path,
    SANDBOX_PORT: String(await freePort()),
    SANDBOX_SPEED: '0.02',
    JOB_LEASE_MS: '2000',
    SWEEP_MS: '250',
  };
  standalone = await start();
  opening = await (await customer()).account();
}, 300_000);

afterAll(async () => {
  await standalone?.kill();
  await folder?.remove();
}, 150_000);

describe('the standalone', () => {
  it('tells who may read it, and nobody else, where it is and how to get in', async () => {
    const told = await file();
    expect(told).toMatchObject({ pid: standalone.pid, graphqlUrl: `http://127.0.0.1:${port}/graphql` });
    expect((await stat(join(folder.path, 'standalone.json'))).mode & 0o777).toBe(0o600);
    expect(opening).toEqual({ credits: 100_000, held: 0 });
  });

  it('is what the command line of operators speaks to: tables for people, JSON for programs, and what it changes is audited', async () => {
    const create = ['account', 'create', '--name', 'Acme', '--plan', 'ENTERPRISE', '--credits', '5000', '--json'];
    const { accountId, testKey } = JSON.parse(await cli(...create));
    const acme = new Customer((await file()).baseUrl, accountId, testKey);
    expect(await acme.account()).toEqual({ credits: 5_000, held: 0 });

    await cli('price', 'set', '--account', accountId, '--provider', 'flux-dev', '--base', '7', '--until', '2125-01-01');
    const priced = JSON.parse(await cli('price', 'list', '--account', accountId, '--json'));
    expect(priced).toMatchObject([{ provider: 'flux-dev', model: null, base: 7, until: '2125-01-01T00:00:00.000Z' }]);
    const hanging = { type: 'IMAGE', provider: 'flux-dev', input: { text: '[[sandbox:hang]]' } };
    const { id, creditCost } = await acme.generate(hanging);
    expect(creditCost).toBe(7);
    expect(JSON.parse(await cli('generation', 'cancel', id, '--json'))).toEqual({ cancelled: true });
    expect(JSON.parse(await cli('generation', 'show', id, '--json'))).toMatchObject({ id, status: 'CANCELLED' });
    const retried = JSON.parse(await cli('generation', 'retry', id, '--json'));
    await cli('generation', 'cancel', retried.id);
    expect(await acme.settled()).toEqual({ credits: 5_000, held: 0 });
    expect(await cli('price', 'end', String(priced[0].id))).toMatch(/flux-dev/);
    const report = [
      'usage',
      'report',
      '--from',
      '2025-01-01',
      '--by',
      'account',
      '--credit-micro-usd',
      '1000',
      '--csv',
    ];
    const [names, ...rows] = (await cli(...report)).trim().split('\r\n');
    expect(names).toMatch(/^accountId,completed,failed,cancelled,running,capturedCredits,.*,marginMicroUsd$/);
    expect(rows).toContain(`${accountId},0,0,2,0,0,0,0,0`);
    await cli('provider', 'disable', 'flux-dev', '--reason', 'an incident');
    const refused = await acme.tryGenerate({ type: 'IMAGE', provider: 'flux-dev', input: { text: 'now' } });
    expect(refused.errors).toMatchObject([{ extensions: { code: 'PROVIDER_UNAVAILABLE' } }]);
    expect(await cli('provider', 'list')).toMatch(/flux-dev .*an incident/);
    await cli('provider', 'enable', 'flux-dev');

    await cli('account', 'set-limits', accountId, '--concurrent', '3');
    await cli('credits', 'adjust', accountId, '--credits', '-100', '--reason', 'by mistake', '--as', 'ada');
    expect(await cli('account', 'show', accountId)).toMatch(/concurrent *│ 3 /);
    expect(JSON.parse(await cli('credits', 'history', accountId, '--json'))[0]).toMatchObject({ credits: -100 });
    expect(JSON.parse(await cli('ledger', 'verify', '--json'))).toMatchObject({ balanced: true });
    const audit: { action: string }[] = JSON.parse(await cli('audit', 'list', '--account', accountId, '--json'));
    expect(audit.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['account.create', 'generation.cancel', 'generation.retry', 'account.set-limits']),
    );

    const receiver = await startReceiver();
    const { id: hook, secret } = JSON.parse(await cli('webhook', 'create', accountId, '--url', receiver.url, '--json'));
    expect(secret).toMatch(/^whsec_/);
    const sent = JSON.parse(await cli('webhook', 'test', hook, '--json'));
    await eventually(() => receiver.requests.length > 0, { timeoutMs: 60_000 });
    expect(JSON.parse(await cli('webhook', 'delivery', sent.id, '--json'))).toMatchObject({
      eventType: 'webhook.test',
    });
    expect(JSON.parse(await cli('webhook', 'pause', hook, '--json'))).toMatchObject({ id: hook, paused: true });
    expect(await cli('webhook', 'deliveries', accountId)).toContain(sent.id);
    expect(JSON.parse(await cli('audit', 'list', '--target', hook, '--json'))).toMatchObject([
      { action: 'webhook.update', before: { paused: false }, after: { paused: true } },
      { action: 'webhook.test' },
      { action: 'webhook.create', accountId },
    ]);
    await receiver.stop();
    await expect(cli('account', 'show', 'acc_nobody')).rejects.toMatchObject({ code: 1, stdout: '' });
    await expect(cli('account', 'create', '--name', 'Acme', '--plan', 'GOLD')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^INVALID_INPUT: .*plan/),
    });
    await expect(cli('account', 'destroy')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/unknown/),
    });
    const nowhere = { ...process.env, NATS_URL: '', DATA_DIR: join(folder.path, 'nothing-here') };
    await expect(run(process.execPath, [ADMIN, 'ledger', 'verify'], { env: nowhere })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^No platform found/),
    });
  }, 300_000);

  it('refuses a data directory that another uses, and a port that is taken, in one line that names it', async () => {
    await expect(startService('standalone', { ...env, SANDBOX_PORT: String(await freePort()) })).rejects.toThrow(
      /DATA_DIR .* is in use/,
    );
    const elsewhere = await temporaryFolder();
    const other = await startReceiver();
    other.answer({ status: 404 });
    const taken = Number(new URL(other.url).port);
    const onTaken = startService('standalone', { ...env, DATA_DIR: elsewhere.path }, { port: taken });
    await expect(onTaken).rejects.toThrow(`Port ${taken} on 127.0.0.1, wanted for PORT, is taken.`);
    await other.stop();
    await elsewhere.remove();
  }, 300_000);

  it('after a kill -9 during ten generations loses none and charges each once', async () => {
    const owner = await eagerCustomer();
    const ten = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        owner.generate({ type: 'VIDEO', provider: 'minimax', input: { text: `killed ${n} [[sandbox:slow=600]]` } }),
      ),
    );
    const { sandboxUrl, databaseUrl } = await file();
    await eventually(async () => (await tasksKnown(databaseUrl, ten)) === 10, { timeoutMs: 60_000 });
    await standalone.kill();
    standalone = await start();
    await passTime(sandboxUrl, 600);
    const ended = await Promise.all(ten.map(({ id }) => owner.ended(id, 120_000)));
    expect(ended.map(({ status }) => status)).toEqual(ten.map(() => 'COMPLETED'));
    expect(await submits(sandboxUrl)).toBe(10);
    const spent = ended.reduce((sum, { creditCost }) => sum + creditCost, 0);
    expect(await owner.settled()).toEqual({ credits: 100_000 - spent, held: 0 });
    await expectBalancedLedger();
  }, 300_000);

  it('starts its PostgreSQL and its nats-server again when they are killed, and ends what it was asked for', async () => {
    const owner = await eagerCustomer();
    const { sandboxUrl, databaseUrl, managementUrl } = await file();
    const before = await owner.generate({
      type: 'IMAGE',
      provider: 'flux-dev',
      input: { text: '[[sandbox:slow=600]]' },
    });
    await eventually(async () => (await tasksKnown(databaseUrl, [before])) === 1, { timeoutMs: 60_000 });
    const killed = await Promise.all(
      ['postgres/cluster/postmaster.pid', 'nats/nats-server.pid'].map(async (path) => {
        const pid = Number.parseInt(await readFile(join(folder.path, path), 'utf8'), 10);
        process.kill(pid, 'SIGKILL');
        return pid;
      }),
    );
    expect(killed).toHaveLength(2);
    await passTime(sandboxUrl, 600);
    const after = await owner.generate({ type: 'IMAGE', provider: 'flux-dev', input: { text: 'after' } });
    const ended = await Promise.all([before, after].map(({ id }) => owner.ended(id, 120_000)));
    expect(ended.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
    expect((await fetch(`${managementUrl}/readyz`)).status).toBe(200);
    await expectBalancedLedger();
  }, 300_000);

  it('keeps keys, account and generations over a restart, and ends by itself at Ctrl-C', async () => {
    const owner = await customer();
    const { id } = await owner.generate({ type: 'IMAGE', provider: 'flux-dev', input: { text: 'to be kept' } });
    const made = await owner.ended(id);
    expect(await standalone.stop('SIGINT')).toBe(0);
    standalone = await start();
    const again = await customer();
    expect(again.key).toBe(owner.key);
    expect(await again.generation(id)).toMatchObject({ status: 'COMPLETED', version: made.version });
    expect((await fetch((await again.generation(id)).url!)).status).toBe(200);
  }, 300_000);
});

const ADMIN = fileURLToPath(new URL('../../../dist/apps/admin/main.js', import.meta.url));
const run = promisify(execFile);

/** What `npm run admin --` with these words says. */
async function cli(...words: string[]): Promise<string> {
  const env = { ...process.env, NATS_URL: '', DATA_DIR: folder.path };
  return (await run(process.execPath, [ADMIN, ...words], { env })).stdout;
}

async function submits(sandboxUrl: string): Promise<number> {
  const response = await fetch(`${sandboxUrl}/_sandbox/submits?family=minimax`);
  return ((await response.json()) as { submits: unknown[] }).submits.length;
}

/** One whose many looks are within its limits. */
async function eagerCustomer(): Promise<Customer> {
  const { natsUrl, baseUrl } = await file();
  const operator = await Operator.connect(natsUrl);
  const eager = await operator.createCustomer(baseUrl, { credits: 100_000 });
  await operator.close();
  return eager;
}

async function expectBalancedLedger(): Promise<void> {
  const operator = await Operator.connect((await file()).natsUrl);
  expect(await operator.verifyLedger()).toMatchObject({ balanced: true, discrepancies: [] });
  await operator.close();
}
