import { Job } from '@doitong/contracts';
import {
  AckPolicy,
  type Consumer,
  type ConsumerMessages,
  type JetStreamClient,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { REQUEST_ID } from '../bus/headers.js';
import { parseMessage } from '../bus/validation.js';
import type { Logger } from '../logging/logger.js';
import { currentRequestId, withContext } from '../logging/request-context.js';

const STREAM = 'JOBS';
const FETCH_MS = 5_000;
const PAUSE_MS = 500;

/** What became of a job: over, or to be delivered again in a while. */
export type JobOutcome = 'done' | { retryAfterMs: number };

/**
 * The work queue `JOBS` on JetStream. It only wakes workers up: PostgreSQL knows every job, so that a queue that was
 * lost is made anew and filled by the sweeper.
 */
export class JobQueue {
  private readonly client: JetStreamClient;

  constructor(
    private readonly connection: NatsConnection,
    private readonly logger: Logger,
  ) {
    this.client = jetstream(connection);
  }

  async publish(family: string, job: Job): Promise<void> {
    const carried = headers();
    carried.set(REQUEST_ID, currentRequestId());
    await this.client.publish(`${STREAM}.${family}`, JSON.stringify(job), { headers: carried });
  }

  async ensureStream(): Promise<void> {
    const manager = await jetstreamManager(this.connection);
    await manager.streams.add({
      name: STREAM,
      subjects: [`${STREAM}.>`],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
    });
  }

  /** Starts to work on a family's jobs, at most `concurrency` at once. A job not acknowledged for `leaseMs` goes to another worker. */
  consume(
    family: string,
    options: { concurrency: number; leaseMs: number },
    work: (job: Job) => Promise<JobOutcome>,
  ): JobConsumer {
    const consumer = new JobConsumer(() => this.consumer(family, options.leaseMs), options, work, this.logger);
    consumer.start();
    return consumer;
  }

  private async consumer(family: string, leaseMs: number): Promise<Consumer> {
    await this.ensureStream();
    const manager = await jetstreamManager(this.connection);
    const name = `worker-${family}`;
    await manager.consumers.add(STREAM, {
      durable_name: name,
      filter_subject: `${STREAM}.${family}`,
      ack_policy: AckPolicy.Explicit,
      ack_wait: leaseMs * 1_000_000,
      max_deliver: -1,
      max_ack_pending: 10_000,
    });
    return this.client.consumers.get(STREAM, name);
  }
}

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
    this.reading?.stop();
    await Promise.all(this.running);
  }

  private async run(): Promise<void> {
    let consumer: Consumer | undefined;
    while (!this.stopping) {
      try {
        consumer ??= await this.open();
        const free = this.options.concurrency - this.running.size;
        if (free <= 0) {
          await Promise.race(this.running);
          continue;
        }
        this.reading = await consumer.fetch({ max_messages: free, expires: FETCH_MS });
        for await (const message of this.reading) this.take(message);
      } catch (error) {
        if (this.stopping) return;
        this.logger.warn('job queue not readable, opening it anew', { error });
        consumer = undefined;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  private take(message: JsMsg): void {
    if (this.stopping) {
      message.nak();
      return;
    }
    const handled = this.handle(message).catch((error) => this.logger.error('job not settled', { error }));
    this.running.add(handled);
    void handled.finally(() => this.running.delete(handled));
  }

  private async handle(message: JsMsg): Promise<void> {
    const job = parseMessage(message.subject, Job, message.json());
    const keptAlive = setInterval(() => message.working(), this.options.leaseMs / 3);
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
      message.nak(1_000);
    } finally {
      clearInterval(keptAlive);
    }
  }
}
