import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Probed } from './av/inputs.js';
import type { MediaSpec } from './specs.js';

export interface Renderer {
  /** Makes the file that `spec` describes at `path`. */
  render(spec: MediaSpec, path: string): Promise<void>;
  /** What the file at `path` holds. */
  probe(path: string): Promise<Probed>;
  close(): void;
}

export function createRenderer(): Renderer {
  // Run from its sources, as in tests, there is no file that a process of its own could start with.
  return import.meta.url.endsWith('.ts') ? new InlineRenderer() : new ProcessRenderer();
}

class InlineRenderer implements Renderer {
  async render(spec: MediaSpec, path: string): Promise<void> {
    const { renderFile } = await import('./av/render.js');
    await renderFile(spec, path);
  }

  async probe(path: string): Promise<Probed> {
    const { probeFile } = await import('./av/render.js');
    return probeFile(path);
  }

  close(): void {}
}

/** What the encoding process is asked. */
export interface RenderJob {
  id: number;
  /** A file to be made at `path`; without it, the file there is looked at. */
  spec?: MediaSpec;
  path: string;
}

export interface RenderAnswer {
  id: number;
  probed?: Probed;
  error?: string;
}

interface Waiting {
  resolve(probed: Probed): void;
  reject(error: Error): void;
}

const idleMs = 10_000;

/**
 * Encodes in a process of its own, which starts when it is needed and ends when it is idle: the sandbox stays small and answers at
 * once, and a file that brings the decoder down takes nothing else with it.
 */
class ProcessRenderer implements Renderer {
  private child?: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private idle?: NodeJS.Timeout;

  async render(spec: MediaSpec, path: string): Promise<void> {
    await this.ask({ spec, path });
  }

  probe(path: string): Promise<Probed> {
    return this.ask({ path });
  }

  close(): void {
    clearTimeout(this.idle);
    const child = this.child;
    if (!child) return;
    child.disconnect();
    this.lose(child, 'the encoder was ended');
  }

  private ask(job: Omit<RenderJob, 'id'>): Promise<Probed> {
    clearTimeout(this.idle);
    this.lastId += 1;
    const id = this.lastId;
    return new Promise<Probed>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child ??= this.start();
      this.child.send(
        { id, ...job } satisfies RenderJob,
        (error) => error && this.settle({ id, error: error.message }),
      );
    });
  }

  private start(): ChildProcess {
    const child = fork(fileURLToPath(import.meta.resolve('@doitong/sandbox/media/render-process')), { execArgv: [] });
    child.on('spawn', () => child.pid && setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL));
    child.on('message', (answer) => this.settle(answer as RenderAnswer));
    child.on('error', (error) => this.lose(child, error.message));
    child.on('exit', (code, signal) => this.lose(child, `the encoder ended with ${signal ?? code}`));
    return child;
  }

  private settle({ id, error, probed = {} }: RenderAnswer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(probed);
    else waiting?.reject(new Error(error));
    if (this.waiting.size === 0 && this.child) this.idle = setTimeout(() => this.close(), idleMs).unref();
  }

  private lose(child: ChildProcess, error: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    for (const id of this.waiting.keys()) this.settle({ id, error });
  }
}
