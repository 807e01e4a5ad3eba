import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@doitong/support';
import { describe, expect, it } from '@jest/globals';
import { type ReaderBounds, ReaderProcess } from './reader-process.js';

const program = fileURLToPath(new URL('../__fixtures__/reader.mjs', import.meta.url));
const ownersProgram = fileURLToPath(new URL('../__fixtures__/owner.mjs', import.meta.url));
const HOUR_MS = 3_600_000;

const readerOf = (changes: Partial<ReaderBounds> = {}) =>
  new ReaderProcess({ program, timeMs: HOUR_MS, idleMs: HOUR_MS, ...changes });

/** What the fixture tells of itself in place of a file. */
const ask = async (reader: ReaderProcess, path = 'read') =>
  (await reader.read({ path })) as unknown as { pid: number; environment: string[] };

const isGone = (pid: number) => waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));

describe('a file', () => {
  it.each(['grow', 'allocate'])(
    'that would have its reader %s without end is refused, and the next file is read',
    async (deed) => {
      const reader = readerOf({ heapMb: 64, memoryMb: 256 });
      const [greedy, next] = await Promise.allSettled([ask(reader, deed), ask(reader)]);
      expect(greedy).toMatchObject({
        reason: { name: 'InvalidMediaError', message: 'The file takes too much memory to read' },
      });
      expect(next).toMatchObject({ status: 'fulfilled' });
    },
  );

  it('that is never read to its end is refused, its process is ended, and the next file is read', async () => {
    const reader = readerOf({ timeMs: 5_000 });
    const { pid } = await ask(reader);
    const [endless, next] = await Promise.allSettled([ask(reader, 'loop'), ask(reader)]);
    expect(endless).toMatchObject({
      reason: { name: 'InvalidMediaError', message: 'The file takes too long to read' },
    });
    expect(next).toMatchObject({ status: 'fulfilled' });
    await isGone(pid);
  });

  it('is not blamed for the end of a process that ended before, or once while it was read', async () => {
    const reader = readerOf();
    const { pid } = await ask(reader);
    process.kill(pid, 'SIGKILL');
    const again = await ask(reader);
    expect(again.pid).not.toBe(pid);
    const slow = ask(reader, 'wait');
    process.kill(again.pid, 'SIGTERM');
    expect((await slow).pid).not.toBe(again.pid);
  });

  it('that is no media is told from one that could not be read', async () => {
    const reader = readerOf();
    await expect(ask(reader, 'refuse')).rejects.toMatchObject({ name: 'InvalidMediaError', message: 'no media' });
    await expect(ask(reader, 'fail')).rejects.toMatchObject({ name: 'Error', message: 'no such file' });
  });
});

describe('the process that reads', () => {
  it('knows nothing of the environment of its owner', async () => {
    const { environment } = await ask(readerOf());
    expect(environment.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))).toEqual([]);
  });

  it('is another one once it has used half of its time, or was idle', async () => {
    for (const [deed, changes] of [
      ['tire', {}],
      ['read', { idleMs: 1 }],
    ] as const) {
      const reader = readerOf(changes);
      const { pid } = await ask(reader, deed);
      await isGone(pid);
      expect((await ask(reader)).pid).not.toBe(pid);
    }
  });

  it('does not keep its owner from ending, and ends with it', async () => {
    const owner = spawn(process.execPath, [ownersProgram], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(owner, 'exit');
    const [pid] = await once(owner.stdout, 'data');
    expect((await ended)[0]).toBe(0);
    await isGone(Number(pid));
  });

  it('ends although its owner was killed while it was busy', async () => {
    const owner = spawn(process.execPath, [ownersProgram, 'loop'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = await once(owner.stdout, 'data');
    owner.kill('SIGKILL');
    await isGone(Number(pid));
  });

  it('that does not start is told by name', async () => {
    await expect(ask(readerOf({ program: '/no-such-program.mjs' }))).rejects.toThrow('no-such-program.mjs');
  });
});
