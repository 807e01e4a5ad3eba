import { type FileHandle, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const segment = /^(\d+)\.jsonl$/;

/**
 * Lines of JSON, appended and never changed. A line that `append` has returned for outlives `kill -9`; a loss of power may take the
 * last ones, since nothing waits for the disk. All that is appended while a write is under way shares the next one.
 */
export class Journal {
  private lines: string[] = [];
  private queued?: Promise<void>;
  private tail: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private number: number,
    private handle: FileHandle,
  ) {}

  /** Opens the newest segment; `onEntry` is told every entry that is there, oldest first. */
  static async open(folder: string, onEntry: (entry: object) => void): Promise<Journal> {
    const numbers = await segmentsIn(folder);
    for (const number of numbers) {
      const text = await readFile(join(folder, `${number}.jsonl`), 'utf8');
      for (const line of text.split('\n')) {
        const entry = parse(line);
        if (entry) onEntry(entry);
      }
    }
    const number = numbers.at(-1) ?? 1;
    const handle = await open(join(folder, `${number}.jsonl`), 'a');
    // Ends the torn line that a killed process may have left.
    await handle.write('\n');
    return new Journal(folder, number, handle);
  }

  append(entry: object): Promise<void> {
    this.lines.push(`${JSON.stringify(entry)}\n`);
    this.queued ??= this.inTurn(() => this.flush());
    return this.queued;
  }

  /** Begins a segment with what `first` gives; the one before is kept, older ones are deleted. */
  rotate(first: () => object): Promise<void> {
    return this.inTurn(async () => {
      while (this.lines.length > 0) await this.flush();
      const head = JSON.stringify(first());
      const next = await open(join(this.folder, `${this.number + 1}.jsonl`), 'a');
      await next.appendFile(`${head}\n`);
      await this.handle.close();
      this.handle = next;
      this.number += 1;
      for (const number of await segmentsIn(this.folder)) {
        if (number < this.number - 1) await rm(join(this.folder, `${number}.jsonl`), { force: true });
      }
    });
  }

  close(): Promise<void> {
    return this.inTurn(() => this.handle.close());
  }

  private async flush(): Promise<void> {
    const text = this.lines.join('');
    this.lines = [];
    this.queued = undefined;
    await this.handle.appendFile(text);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.tail.then(work);
    this.tail = turn.catch(() => undefined);
    return turn;
  }
}

async function segmentsIn(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).flatMap((name) => segment.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((one, other) => one - other);
}

function parse(line: string): object | undefined {
  if (!line) return undefined;
  try {
    return JSON.parse(line) as object;
  } catch {
    return undefined;
  }
}
