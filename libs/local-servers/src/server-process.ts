import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { whenParentDies } from './guard.js';

/** A started server. `stop()` may be called again; it resolves when the process is gone. */
export interface LocalServer {
  url: string;
  port: number;
  /** Resolves when its process has ended, in whatever way. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

export type Log = (line: string) => void;

/** A signal and how long the process has to end after it, in milliseconds. */
export type StopStep = [signal: NodeJS.Signals, graceMs: number];

const KEPT_LINES = 20;

export interface ServerProcessOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  log?: Log;
  /** What it gets when this process has died. SIGINT, the default, is an orderly end for PostgreSQL and nats-server. */
  orphanSignal?: NodeJS.Signals;
}

/** One child process that serves: its output is handed on line by line, and it cannot outlive this process. */
export class ServerProcess {
  /** The last lines of output, for error messages. */
  readonly tail: string[] = [];
  /** Resolves when the process has ended; what it wrote last may still come. */
  readonly ended: Promise<void>;
  private readonly log: Log;
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;
  private failure?: Error;

  constructor(
    private readonly name: string,
    command: string,
    args: string[],
    { log = () => {}, orphanSignal = 'SIGINT', ...options }: ServerProcessOptions = {},
  ) {
    this.log = log;
    // Its own process group: Ctrl-C in a terminal reaches the owner only, who stops its servers in order.
    this.child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.closed = once(this.child, 'close').catch((error: Error) => {
      this.failure = error;
    });
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()));
    // Nothing that becomes of a server, or of a signal to it, ends the process that has started it.
    this.child.on('error', () => undefined);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (!stream) continue;
      const lines = createInterface({ input: stream });
      lines.on('line', (line) => this.keep(line)).on('error', () => undefined);
    }
    if (this.child.pid) {
      const callOff = whenParentDies(`kill -s ${orphanSignal.slice(3)} "$1"`, String(this.child.pid));
      this.child.once('exit', callOff);
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.child.exitCode;
  }

  get running(): boolean {
    return !this.failure && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Polls `probe` until it returns a value. Throws, with the last lines of output, if the server ends or takes too long. */
  async ready<T>(probe: () => T | undefined | Promise<T | undefined>, timeoutMs: number): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    while (this.running && Date.now() < deadline) {
      const found = await probe();
      if (found !== undefined) return found;
      await sleep(15);
    }
    const reason = this.running ? `was not ready within ${timeoutMs / 1000} s` : 'did not start';
    await this.stop([['SIGKILL', 20_000]]);
    const detail = [this.failure?.message, ...this.tail].filter(Boolean).join('\n  ');
    throw new Error(`${this.name} ${reason}:\n  ${detail}`);
  }

  /** Resolves once the process has ended by itself or by the first of the steps that suffices. */
  async stop(steps: StopStep[]): Promise<void> {
    for (const [signal, graceMs] of steps) {
      if (!this.running) break;
      this.child.kill(signal);
      await Promise.race([this.closed, sleep(graceMs, undefined, { ref: false })]);
    }
    if (this.running) throw new Error(`${this.name} (pid ${this.pid}) did not end`);
    // Its own children may hold the output open for a moment longer.
    await Promise.race([this.closed, sleep(1_000, undefined, { ref: false })]);
  }

  private keep(line: string): void {
    this.tail.push(line);
    if (this.tail.length > KEPT_LINES) this.tail.shift();
    this.log(line);
  }
}
