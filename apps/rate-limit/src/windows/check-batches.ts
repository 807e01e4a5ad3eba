import type { RequestOf, rateLimit } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { type Ask, type Found, WindowsRepository } from './windows.repository.js';

type Check = RequestOf<typeof rateLimit.check>;

/** One check's answer: its window as it was when this check, and none after it, was counted. */
type Verdict = Found & { allowed: boolean };

/** Checks that are alike, in the order in which they came. */
interface Group {
  ask: Ask;
  waiting: { resolve(verdict: Verdict): void; reject(error: unknown): void }[];
}

/** Windows that one statement decides on. */
const LARGEST_BATCH = 200;
/** Statements at once: while one is decided, the next is sent. */
const MOST_RUNNING = 2;

/** Lets checks that come at about the same time share a statement: the first is sent at once, the others with the next one. */
@Injectable()
export class CheckBatches {
  private readonly groups = new Map<string, Group>();
  private running = 0;
  private scheduled = false;

  constructor(private readonly windows: WindowsRepository) {}

  take({ key, window, cost, limit }: Check): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const id = `${window} ${key} ${cost} ${limit}`;
      const group = this.groups.get(id) ?? { ask: { key, window, cost, limit, checks: 0 }, waiting: [] };
      group.ask.checks += 1;
      group.waiting.push({ resolve, reject });
      this.groups.set(id, group);
      this.schedule();
    });
  }

  /** After all that has arrived by now was read. */
  private schedule(): void {
    if (this.scheduled || this.running >= MOST_RUNNING || this.groups.size === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.run(this.next());
      this.schedule();
    });
  }

  private async run(batch: Group[]): Promise<void> {
    this.running += 1;
    try {
      const found = await this.windows.take(batch.map(({ ask }) => ask));
      for (const [index, group] of batch.entries()) answer(group, found[index]!);
    } catch (error) {
      for (const { waiting } of batch) for (const { reject } of waiting) reject(error);
    } finally {
      this.running -= 1;
      this.schedule();
    }
  }

  /** A statement changes a row once: what else is asked of the same window, at another cost or limit, waits for the next. */
  private next(): Group[] {
    const batch = new Map<string, Group>();
    for (const [id, group] of this.groups) {
      if (batch.size === LARGEST_BATCH) break;
      const window = `${group.ask.window} ${group.ask.key}`;
      if (batch.has(window)) continue;
      batch.set(window, group);
      this.groups.delete(id);
    }
    return [...batch.values()];
  }
}

/** The first ones were admitted, each of which saw only those before it. */
function answer({ ask: { cost }, waiting }: Group, { admitted, ...found }: Found & { admitted: number }): void {
  for (const [index, { resolve }] of waiting.entries()) {
    const allowed = index < admitted;
    const later = allowed ? (admitted - 1 - index) * cost : 0;
    const [newest = 0, ...older] = found.counts;
    resolve({ ...found, counts: [newest - later, ...older], allowed });
  }
}
