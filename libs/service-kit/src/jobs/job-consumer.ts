import { Job } from '@doitong/contracts';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { REQUEST_ID } from '../bus/headers.js';
import { parseMessage } from '../bus/validation.js';
import type { Logger } from '../logging/logger.js';
import { currentRequestId, withContext } from '../logging/request-context.js';

const FETCH_MS = 2_000;
const PAUSE_MS = 500;
const RETRY_MS = 1_000;

/** What became of a job: over, or to be delivered again in a while. */
export type JobOutcome = 'done' | { retryAfterMs: number };

/** One process's share of a family's jobs. */
export class JobConsumer {
  private readonly running = new Set<Promise<void>>();
  private reading?: ConsumerMessages;
  private stopping = false;

  constructor(
    private readonly open: () => Promise<Consumer>,
    private readonly options: { concurrency: number; leaseMs: number },
    private readonly work: (job: Job) => Promise<JobOutcome>,
    private readonly logger: Logger,
  ) {}

  start(): void {
    void this.run();
  }

  /** Takes no more jobs; resolves when those in hand are settled. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.reading?.close();
    await Promise.all(this.running);
  }

  private async run(): Promise<void> {
    let consumer: Consumer | undefined;
    while (!this.stopping) {
      try {
        consumer ??= await this.open();
        const free = this.options.concurrency - this.running.size;
        if (free > 0) await this.read(consumer, free);
        else await Promise.race(this.running);
      } catch (error) {
        if (this.stopping) return;
        this.logger.warn('job queue not readable, opening it anew', { error });
        consumer = undefined;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  private async read(consumer: Consumer, free: number): Promise<void> {
    this.reading = await consumer.fetch({ max_messages: free, expires: FETCH_MS });
    for await (const message of this.reading) {
      if (this.stopping) message.nak();
      else this.take(message);
    }
  }

  private take(message: JsMsg): void {
    const handled = this.handle(message).catch((error) => this.logger.error('job not settled', { error }));
    this.running.add(handled);
    void handled.finally(() => this.running.delete(handled));
  }

  private async handle(message: JsMsg): Promise<void> {
    const job = this.parse(message);
    if (!job) return message.term();
    const keptAlive = setInterval(() => this.keepAlive(message), this.options.leaseMs / 3);
    const context = {
      requestId: message.headers?.get(REQUEST_ID) || currentRequestId(),
      generationId: job.generationId,
    };
    try {
      const outcome = await withContext(context, () => this.work(job));
      if (outcome === 'done') message.ack();
      else message.nak(outcome.retryAfterMs);
    } catch (error) {
      withContext(context, () => this.logger.error('job failed, will be delivered again', { error }));
      message.nak(RETRY_MS);
    } finally {
      clearInterval(keptAlive);
    }
  }

  /** Undefined for what is no job and never will be. */
  private parse(message: JsMsg): Job | undefined {
    try {
      return parseMessage(message.subject, Job, message.json());
    } catch (error) {
      this.logger.error('not a job, thrown away', { error });
      return undefined;
    }
  }

  private keepAlive(message: JsMsg): void {
    try {
      message.working();
    } catch (error) {
      this.logger.warn('job not kept alive', { error });
    }
  }
}
