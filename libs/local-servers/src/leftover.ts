import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { StopStep } from './server-process.js';

const run = promisify(execFile);

/** The command line of a running process; empty when there is none, or only an unreaped one. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.replaceAll('\0', ' ');
  }
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.trim();
}

/** Whether `pid` is a server of ours: process ids are reused, so one of its arguments must be our own path `mark`. */
export async function isOurs(pid: number, mark: string): Promise<boolean> {
  return ` ${await commandLine(pid)} `.includes(` ${mark} `);
}

/** Ends a server which an earlier run of ours left behind, for example when its parent was killed. */
export async function stopLeftover(pid: number, mark: string, steps: StopStep[]): Promise<void> {
  for (const [signal, graceMs] of steps) {
    if (!(await isOurs(pid, mark))) return;
    signalIfAlive(pid, signal);
    const deadline = Date.now() + graceMs;
    while (Date.now() < deadline && (await isOurs(pid, mark))) await sleep(25);
  }
  if (await isOurs(pid, mark)) throw new Error(`A server left behind by an earlier run (pid ${pid}) does not end.`);
}

/** Whether any process has this id, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return;
    throw new Error(`A server left behind by an earlier run (pid ${pid}) cannot be stopped: ${code}`);
  }
}
