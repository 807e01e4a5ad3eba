import type { DataDir } from '../storage/data-dir.js';
import { Journal } from './journal.js';
import type { Task } from './task.js';

interface Entry {
  task?: Task;
  /** A task's id, and the callback of it that has arrived. */
  delivered?: [id: string, event: string];
  /** Tasks accepted by family, before this segment. */
  counts?: Record<string, number>;
}

interface Kept {
  task: Task;
  /** Done when the record is on the disk. */
  written: Promise<void>;
  /** Names of its callbacks that have arrived. */
  arrived: Set<string>;
}

type Asked = Pick<Task, 'family' | 'credential' | 'idempotencyKey'>;

/** The accepted submits: in memory the newest `keep`, and so many at least in the journal. */
export class TaskStore {
  private readonly byId = new Map<string, Kept>();
  private readonly byKey = new Map<string, Kept>();
  private counts: Record<string, number> = {};
  private inSegment = 0;
  private journal!: Journal;

  private constructor(private readonly keep: number) {}

  static async open(dir: DataDir, keep: number): Promise<TaskStore> {
    const store = new TaskStore(keep);
    store.journal = await Journal.open(dir.tasks, (entry) => store.read(entry as Entry));
    return store;
  }

  /** Keeps a task before it is answered. With an idempotency key that is known, the first task of that key is returned. */
  async accept(task: Task): Promise<{ task: Task; isNew: boolean }> {
    // Nothing may be awaited between the look and the entry: of two repeats at once, one must find the other.
    const first = this.firstOf(task);
    if (first) {
      await first.written;
      return { task: first.task, isNew: false };
    }
    const kept = this.put(task);
    kept.written = this.journal.append({ task } satisfies Entry);
    await kept.written;
    if (this.inSegment >= this.keep) {
      this.inSegment = 0;
      await this.journal.rotate(() => ({ counts: this.counts }));
    }
    return { task, isNew: true };
  }

  /** The task of an idempotency key that has been used, once it is on the disk. */
  async repeated(asked: Asked): Promise<Task | undefined> {
    const first = this.firstOf(asked);
    await first?.written;
    return first?.task;
  }

  find(family: string, id: string): Task | undefined {
    const task = this.byId.get(id)?.task;
    return task?.family === family ? task : undefined;
  }

  /** Oldest first. */
  *all(family?: string): Generator<Task> {
    for (const { task } of this.byId.values()) {
      if (!family || task.family === family) yield task;
    }
  }

  /** All that were ever accepted, also those forgotten. */
  countsByFamily(): Record<string, number> {
    return { ...this.counts };
  }

  hasArrived(task: Task, event: string): boolean {
    return this.byId.get(task.id)?.arrived.has(event) ?? false;
  }

  async noteArrival(task: Task, event: string): Promise<void> {
    this.byId.get(task.id)?.arrived.add(event);
    await this.journal.append({ delivered: [task.id, event] } satisfies Entry);
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  private firstOf(asked: Asked): Kept | undefined {
    return asked.idempotencyKey === undefined ? undefined : this.byKey.get(keyOf(asked));
  }

  private read({ task, delivered, counts }: Entry): void {
    if (task) this.put(task);
    if (delivered) this.byId.get(delivered[0])?.arrived.add(delivered[1]);
    if (counts) {
      this.counts = counts;
      this.inSegment = 0;
    }
  }

  private put(task: Task): Kept {
    const kept: Kept = { task, written: Promise.resolve(), arrived: new Set() };
    this.byId.set(task.id, kept);
    if (task.idempotencyKey !== undefined) this.byKey.set(keyOf(task), kept);
    this.counts[task.family] = (this.counts[task.family] ?? 0) + 1;
    this.inSegment += 1;
    const [oldest] = this.byId.values();
    if (oldest && this.byId.size > this.keep) this.forget(oldest.task);
    return kept;
  }

  private forget(task: Task): void {
    this.byId.delete(task.id);
    if (task.idempotencyKey !== undefined) this.byKey.delete(keyOf(task));
  }
}

const keyOf = ({ family, credential, idempotencyKey }: Asked) => `${family}\n${credential}\n${idempotencyKey}`;
