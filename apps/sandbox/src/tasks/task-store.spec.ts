import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@doitong/support';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { DataDir } from '../storage/data-dir.js';
import type { Task } from './task.js';
import { TaskStore } from './task-store.js';

let folder: TemporaryFolder;
let dir: DataDir;
beforeEach(async () => {
  folder = await temporaryFolder();
  dir = await DataDir.open(folder.path);
});
afterEach(() => folder.remove());

const task = (id: string, over: Partial<Task> = {}): Task => ({
  id,
  family: 'hedra',
  model: 'm',
  prompt: id,
  credential: 'c',
  createdMs: 1,
  seconds: 1,
  origin: 'http://127.0.0.1',
  outputs: [],
  details: {},
  ...over,
});

it('of many submits with one idempotency key at once, one is accepted', async () => {
  const store = await TaskStore.open(dir, 100);
  const tries = Array.from({ length: 20 }, (_, index) => store.accept(task(`t${index}`, { idempotencyKey: 'k' })));
  const accepted = await Promise.all(tries);
  expect(accepted.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(new Set(accepted.map(({ task: { id } }) => id))).toEqual(new Set(['t0']));
  const { isNew } = await store.accept(task('other', { idempotencyKey: 'k', credential: 'd' }));
  expect(isNew).toBe(true);
  await store.close();
});

it('an accepted task and what was delivered of it are there again after the process is gone', async () => {
  const store = await TaskStore.open(dir, 100);
  await store.accept(task('one', { idempotencyKey: 'k' }));
  await store.noteArrival(task('one'), 'end');
  // Not closed: nothing more is written than a killed process would have.
  const again = await TaskStore.open(dir, 100);
  expect(again.find('hedra', 'one')).toEqual(task('one', { idempotencyKey: 'k' }));
  expect(again.find('minimax', 'one')).toBeUndefined();
  expect(again.hasArrived(task('one'), 'end')).toBe(true);
  expect((await again.repeated(task('x', { idempotencyKey: 'k' })))?.id).toBe('one');
  await Promise.all([store.close(), again.close()]);
});

it('a line that was cut off by a kill costs neither the lines before it nor those after', async () => {
  const store = await TaskStore.open(dir, 100);
  await store.accept(task('before'));
  await store.close();
  await appendFile(join(dir.tasks, '1.jsonl'), '{"task":{"id":"to');
  const cut = await TaskStore.open(dir, 100);
  await cut.accept(task('after'));
  await cut.close();
  const again = await TaskStore.open(dir, 100);
  expect([...again.all()].map(({ id }) => id)).toEqual(['before', 'after']);
  await again.close();
});

it('only so many are kept, in memory and on the disk, but all are counted', async () => {
  const store = await TaskStore.open(dir, 10);
  for (let burst = 0; burst < 9; burst += 1) {
    await Promise.all(Array.from({ length: 7 }, (_, index) => store.accept(task(`${burst}-${index}`))));
  }
  expect([...store.all()]).toHaveLength(10);
  expect(store.find('hedra', '0-0')).toBeUndefined();
  expect(store.countsByFamily()).toEqual({ hedra: 63 });
  await store.close();
  expect((await readdir(dir.tasks)).length).toBeLessThanOrEqual(2);

  const again = await TaskStore.open(dir, 10);
  expect([...again.all()].map(({ id }) => id)).toEqual([...store.all()].map(({ id }) => id));
  expect(again.countsByFamily()).toEqual({ hedra: 63 });
  await again.close();
});
