import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from '@jest/globals';
import { waitFor } from './index.js';

const JEST = fileURLToPath(new URL('../../../scripts/jest.mjs', import.meta.url));
/** A suite that starts servers and a service, and waits for ever. */
const ENDLESS = ['--testMatch', '**/testing/support/src/__fixtures__/endless.ts', '-w', '2'];

let stop = () => {};
afterEach(() => stop());

interface Process {
  pid: number;
  parent: number;
  command: string;
}

/** What runs on this machine; not what has ended and waits to be asked for its exit code. */
function running(): Process[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,stat=,command='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => !state!.startsWith('Z'))
    .map(([pid, parent, , ...command]) => ({ pid: Number(pid), parent: Number(parent), command: command.join(' ') }));
}

function startedBy(pid: number): Process[] {
  const all = running();
  const children = (parent: number): Process[] =>
    all.filter((each) => each.parent === parent).flatMap((child) => [child, ...children(child.pid)]);
  return children(pid);
}

it.each(['SIGINT', 'SIGTERM'] as const)('suites that are ended by %s leave no process behind', async (signal) => {
  const suites = spawn(process.execPath, [JEST, ...ENDLESS], { stdio: 'ignore' });
  stop = () => void suites.kill();
  const ended = once(suites, 'exit');
  const started = await waitFor(
    () => {
      const found = startedBy(suites.pid!);
      for (const name of ['bin/jest.js', 'processChild.js', 'bin/postgres', '__fixtures__/app/main.js']) {
        expect(found.map(({ command }) => command)).toContainEqual(expect.stringContaining(name));
      }
      return found;
    },
    { timeoutMs: 90_000, intervalMs: 250 },
  );

  suites.kill(signal);
  expect(await ended).toEqual([null, signal]);
  await waitFor(() => {
    const alive = new Set(running().map(({ pid, command }) => `${pid} ${command}`));
    expect(started.filter(({ pid, command }) => alive.has(`${pid} ${command}`))).toEqual([]);
  });
});
