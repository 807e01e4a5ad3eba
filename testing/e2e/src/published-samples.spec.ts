import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@doitong/local-servers';
import {
  Customer,
  eventually,
  type Service,
  startService,
  type TemporaryFolder,
  temporaryFolder,
} from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const BESIDE_THE_REPOSITORY = fileURLToPath(new URL('../../../../shared/published-api', import.meta.url));
const runner = join(process.env.PUBLISHED_SAMPLES ?? BESIDE_THE_REPOSITORY, 'run-samples.mjs');

/** The samples that name a provider, and which. While no family serves it, they cannot run. */
const providersOfSamples: Partial<Record<string, { type: string; provider: string }>> = {
  'apollo client: videoCreate with model luma, duration 9': { type: 'VIDEO', provider: 'luma' },
  'operation Generate: Generate video with specific provider': { type: 'VIDEO', provider: 'kling' },
  'operation Generate: Image-to-video generation': { type: 'VIDEO', provider: 'runway' },
  'operation Generate: Generate avatar video': { type: 'AVATAR', provider: 'heygen' },
  'operation CancelGeneration': { type: 'VIDEO', provider: 'kling' },
};
/** For this one the runner writes one script for two shells at once, which either may find empty while it is written. */
const TWO_SHELLS = 'curl 1 twice';
const isFaultOfRunner = (line: string) =>
  line.startsWith(`FAIL  ${TWO_SHELLS}`) && line.endsWith('Unexpected end of JSON input');

const withSamples = existsSync(runner) ? describe : describe.skip;

withSamples('the published samples (of ../shared/published-api, or PUBLISHED_SAMPLES)', () => {
  let folder: TemporaryFolder;
  let standalone: Service;
  let customer: Customer;
  let served: string[];

  beforeAll(async () => {
    folder = await temporaryFolder();
    standalone = await startService('standalone', {
      DATA_DIR: folder.path,
      SANDBOX_PORT: String(await freePort()),
      SANDBOX_SPEED: '0.02',
    });
    const file = join(folder.path, 'standalone.json');
    const told = JSON.parse(
      await eventually(() => readFile(file, 'utf8').catch(() => undefined), { timeoutMs: 60_000 }),
    );
    customer = new Customer(told.baseUrl, told.accountId, told.testKey);
    const { data } = await customer.ask<{ providers: { id: string }[] }>('{ providers { id } }');
    served = data!.providers.map(({ id }) => id);
  }, 300_000);

  afterAll(async () => {
    await standalone?.kill();
    await folder?.remove();
  }, 150_000);

  /** What the runner says, a line each. */
  async function run(only = ''): Promise<string[]> {
    const args = [runner, `${customer.gatewayUrl}/graphql`, customer.key, '--only', only];
    // It ends with 1 when a sample fails.
    const { stdout } = await promisify(execFile)(process.execPath, args).catch((error) => error);
    return stdout.trim().split('\n');
  }

  const isUnserved = (line: string) =>
    Object.entries(providersOfSamples).some(
      ([name, asked]) => line.startsWith(`FAIL  ${name}: `) && !served.includes(asked!.provider),
    );

  it('run unchanged, but for those of providers that no family serves yet', async () => {
    const lines = await run();
    for (let again = 0; again < 5 && lines.some(isFaultOfRunner); again++) {
      lines.splice(lines.findIndex(isFaultOfRunner), 1, ...(await run(TWO_SHELLS)));
    }
    expect(lines.at(-1)).toMatch(/^\d+ passed, \d+ failed$/);
    expect(lines.filter((line) => line.startsWith('FAIL') && !isUnserved(line))).toEqual([]);
  }, 400_000);

  it('that name such a provider are told that it is not available, not that there is none', async () => {
    const unserved = Object.values(providersOfSamples).filter((asked) => !served.includes(asked!.provider));
    for (const asked of unserved) {
      const { errors } = await customer.tryGenerate({ ...asked, input: { text: 'x' } });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryable: true });
    }
  });
});
