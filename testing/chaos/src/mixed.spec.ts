import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const main = fileURLToPath(new URL('../dist/run/main.js', import.meta.url));

/** As `npm run chaos` does it, for a minute, always with the same requests and faults. */
const PLAN = ['--seed', '1', '--generations', '60', '--seconds', '60', '--replicas', '1', '--scenario', 'mixed'];

it('a minute of faults, drawn from a fixed seed, breaks none of the promises', async () => {
  const chaos = spawn(process.execPath, ['--enable-source-maps', main, ...PLAN]);
  const [said, complained, [code]] = await Promise.all([text(chaos.stdout), text(chaos.stderr), once(chaos, 'exit')]);
  expect({ code, said: said + complained }).toEqual({ code: 0, said: expect.stringContaining('0 violations') });
}, 600_000);
