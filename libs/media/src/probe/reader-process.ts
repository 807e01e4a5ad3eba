import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InvalidMediaError } from './invalid-media-error.js';
import type { MediaFacts } from './media-facts.js';
import type { MediaHint } from './raw-audio.js';

/** What the process is asked. */
export interface ReadJob {
  path: string;
  hint?: MediaHint;
}

/** One of `facts`, `invalid` (why it is no media) and `error` (why it could not be read). */
export interface ReadAnswer {
  facts?: MediaFacts;
  invalid?: string;
  error?: string;
  /** All that the process has used. */
  cpuSeconds: number;
}

export interface ReaderBounds {
  program: string;
  /** For one file. Files take milliseconds. */
  timeMs: number;
  /** Of JavaScript's heap, and of all memory that the process can write to, which is 85 MB when it has read nothing. */
  heapMb: number;
  memoryMb: number;
  /** Of all files that one process reads. It ends even one that nobody is there to end. */
  cpuSeconds: number;
  idleMs: number;
}

/** Beside this file, as it is built and as it is bundled. Node cannot start the sources, with which Jest runs. */
const program = import.meta.url.endsWith('.ts') ? '../../dist/probe/probe-process.js' : './probe-process.js';
const bounds: ReaderBounds = {
  program: fileURLToPath(new URL(program, import.meta.url)),
  timeMs: 20_000,
  heapMb: 192,
  memoryMb: 384,
  cpuSeconds: 60,
  idleMs: 60_000,
};
const startMs = 60_000;

/**
 * Reads files in a process of its own, one after the other. It starts when it is needed and ends when it is idle, or its owner does. A
 * file that breaks its bounds ends that process and nothing else. (A thread would not do: when its heap is full, most allocations
 * end the whole process.)
 */
export class ReaderProcess {
  private child?: ChildProcess;
  private last: Promise<unknown> = Promise.resolve();
  private idle?: NodeJS.Timeout;
  private readonly bounds: ReaderBounds;

  constructor(changes: Partial<ReaderBounds> = {}) {
    this.bounds = { ...bounds, ...changes };
  }

  /** InvalidMediaError for what is no media, or breaks the bounds. */
  read(job: ReadJob): Promise<MediaFacts> {
    const reading = this.last.then(() => this.readAlone(job));
    this.last = reading.catch(() => undefined);
    return reading;
  }

  private async readAlone(job: ReadJob): Promise<MediaFacts> {
    clearTimeout(this.idle);
    // The process can end for reasons of its own, such as a signal that was meant for its owner, but hardly twice.
    const answer = (await this.ask(job)) ?? (await this.ask(job));
    if (!answer) throw new InvalidMediaError('The file takes too much memory to read');
    // What it has left must do for the next file.
    if (answer.cpuSeconds > this.bounds.cpuSeconds / 2) this.end();
    this.idle = setTimeout(() => this.end(), this.bounds.idleMs).unref();
    if (answer.facts) return answer.facts;
    if (answer.invalid) throw new InvalidMediaError(answer.invalid);
    throw new Error(answer.error);
  }

  /** Undefined when the process ended over it. */
  private async ask(job: ReadJob): Promise<ReadAnswer | undefined> {
    const child = this.child ?? (await this.start());
    hold(child);
    // Where it cannot be sent, the process has ended.
    child.send(job, () => undefined);
    const heard = await next<ReadAnswer>(child, this.bounds.timeMs);
    if (heard === 'late') {
      this.end();
      throw new InvalidMediaError('The file takes too long to read');
    }
    letGo(child);
    return heard === 'ended' ? undefined : heard;
  }

  private async start(): Promise<ChildProcess> {
    const { program, heapMb, memoryMb, cpuSeconds } = this.bounds;
    const limits = `ulimit -d ${memoryMb * 1024}; ulimit -t ${cpuSeconds}; exec "$0" "$@"`;
    const child = spawn('/bin/sh', ['-c', limits, process.execPath, `--max-old-space-size=${heapMb}`, program], {
      // It needs to know nothing, and can tell nothing to a file that takes it over.
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    // Whoever waits for it hears of it all the same.
    child.on('error', () => undefined);
    this.child = child;
    const heard = await next(child, startMs);
    if (heard !== 'late' && heard !== 'ended') return child;
    this.end();
    throw new Error(`${program} does not start: is it built?`);
  }

  private end(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }
}

/** What it says next, within this time. */
async function next<T>(child: ChildProcess, withinMs: number): Promise<T | 'ended' | 'late'> {
  const heard = new AbortController();
  const { signal } = heard;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as T),
      once(child, 'exit', { signal }).then(() => 'ended' as const),
      sleep(withinMs, 'late' as const, { signal }),
    ]);
  } finally {
    heard.abort();
  }
}

/** Its owner does not end before it answers. */
function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}
