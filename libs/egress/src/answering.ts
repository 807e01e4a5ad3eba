import type { Dispatcher } from 'undici';

export interface GuardedAnswer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/**
 * Takes the answer to one request, and no more of it than allowed. A handler and not a stream with a signal, as these cost as much as
 * the request itself.
 */
export class Answering implements Dispatcher.DispatchHandler {
  readonly answer: Promise<GuardedAnswer>;
  private resolve!: (answer: GuardedAnswer) => void;
  private reject!: (error: unknown) => void;
  private controller?: Dispatcher.DispatchController;
  private stoppedBy?: Error;
  private status = 0;
  private headers: Headers = {};
  private readonly chunks: Buffer[] = [];
  private size = 0;

  /** A longer answer is an error, unless `truncate`, which keeps its beginning. */
  constructor(
    private readonly maxBytes: number,
    private readonly truncate: boolean,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get stopped(): boolean {
    return this.stoppedBy !== undefined;
  }

  /** Ends it with this error, however far it is: what was not sent yet is not sent. */
  stop(reason: Error): void {
    this.stoppedBy ??= reason;
    this.reject(reason);
    this.controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.stoppedBy) controller.abort(this.stoppedBy);
  }

  /** The last one counts: those before it are informational. */
  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.truncate && this.size >= this.maxBytes) {
      this.onResponseEnd();
      controller.abort(new Error('enough was read'));
    } else if (this.size > this.maxBytes) {
      this.stop(new Error(`the answer is longer than ${this.maxBytes} bytes`));
    }
  }

  onResponseEnd(): void {
    const headers = Object.fromEntries(Object.entries(this.headers).map(([name, value]) => [name, String(value)]));
    this.resolve({ status: this.status, headers, body: Buffer.concat(this.chunks).subarray(0, this.maxBytes) });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }
}
