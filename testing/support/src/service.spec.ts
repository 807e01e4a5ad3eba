import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { startService, waitFor } from './index.js';

/** Relative to where built services lie. */
const APP = '../../testing/support/src/__fixtures__/app';

it('a service is ready when it answers, and tells its exit code and its log', async () => {
  const service = await startService(APP, {});
  expect((await fetch(`${service.managementUrl}/readyz`)).status).toBe(200);
  expect(service.logs()).toEqual(['{"msg":"listening"}']);
  expect(await service.stop()).toBe(0);
  await expect(fetch(service.url)).rejects.toThrow();
});

it('a service that does not start says why', async () => {
  await expect(startService(APP, { BROKEN: '1' })).rejects.toThrow('BROKEN is set');
});

it('a killed service is gone', async () => {
  const service = await startService(APP, {});
  await service.kill('SIGKILL');
  await expect(fetch(service.url)).rejects.toThrow();
});

it('a service does not outlive the process that started it', async () => {
  const script = fileURLToPath(new URL('./__fixtures__/owner.mjs', import.meta.url));
  const owner = spawn(process.execPath, [script, APP], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await once(owner.stdout, 'data');
  const url = String(line).trim();
  expect((await fetch(url)).status).toBe(200);

  owner.kill('SIGKILL');
  await waitFor(() => expect(fetch(url)).rejects.toThrow());
});
