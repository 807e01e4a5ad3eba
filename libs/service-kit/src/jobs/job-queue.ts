import type { Job } from '@doitong/contracts';
import {
  AckPolicy,
  type Consumer,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { REQUEST_ID } from '../bus/headers.js';
import type { Logger } from '../logging/logger.js';
import { currentRequestId } from '../logging/request-context.js';
import { JobConsumer, type JobOutcome } from './job-consumer.js';

const STREAM = 'JOBS';
/** A question that was lost with its connection is asked again after this. */
const ANSWER_MS = 2_000;

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

  /** For whoever publishes. Those who consume wait until it is there: they may not make it, as a stream can take up any subject. */
  async ensureStream(): Promise<void> {
    const manager = await this.manager();
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
    const manager = await this.manager();
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

  private manager(): Promise<JetStreamManager> {
    return jetstreamManager(this.connection, { checkAPI: false, timeout: ANSWER_MS });
  }
}
