import { setTimeout as sleep } from 'node:timers/promises';
import { Batches, Logger, Metrics, Periodic } from '@doitong/service-kit';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { WebhookDispatcherConfig } from '../config.js';
import { nameOf } from '../deliveries/destinations.js';
import { signerOf } from '../secrets/secrets.repository.js';
import { SecretsService } from '../secrets/secrets.service.js';
import { CONFIG } from '../tokens.js';
import { GivingUp } from './giving-up.js';
import { Places } from './places.js';
import { type ClaimedDelivery, QueueRepository, type Settlement } from './queue.repository.js';
import { GONE, RetrySchedule } from './retry-schedule.js';
import { Sender } from './sender.js';

/** Looks for deliveries that have become due; those that are enqueued here are woken up for. */
const POLL_MS = 250;
/** From the end of an attempt until the claim that fills its place. */
const GATHER_MS = 10;
/** Attempts in hand may last so much longer when the service stops. */
const DRAIN_MS = 3_000;
/** From the end of an attempt until its outcome must be durable. */
const LEASE_MARGIN_MS = 5_000;
const SHARE_OF_ACCOUNT = 1 / 4;
/** Outcomes in one statement. */
const MOST_SETTLED = 1_000;

/** Claims what is due, as far as there are places, and has each delivery attempted and settled. */
@Injectable()
export class Dispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly periodic: Periodic;
  private readonly places: Places;
  private readonly leaseMs: number;
  private readonly inHand = new Map<ClaimedDelivery, Promise<void>>();
  private readonly attempts: Counter<'outcome'>;
  /** Makes outcomes durable, one statement after the other; tells of each whether its destination has failed for too long. */
  private readonly settlements: Batches<Settlement, boolean>;
  private soon?: NodeJS.Timeout;
  private stopping = false;

  constructor(
    private readonly queue: QueueRepository,
    private readonly secrets: SecretsService,
    private readonly sender: Sender,
    private readonly schedule: RetrySchedule,
    private readonly givingUp: GivingUp,
    private readonly logger: Logger,
    @Inject(CONFIG) config: WebhookDispatcherConfig,
    { registry }: Metrics,
  ) {
    const total = config.WEBHOOK_CONCURRENCY;
    this.places = new Places({
      total,
      perAccount: Math.ceil(total * SHARE_OF_ACCOUNT),
      perDestination: config.WEBHOOK_HOST_CONCURRENCY,
    });
    this.leaseMs = config.WEBHOOK_TIMEOUT_MS + LEASE_MARGIN_MS;
    this.settlements = new Batches(
      async (outcomes) => {
        const hopeless = new Set((await queue.settle(outcomes, config.WEBHOOK_RETRY_SCALE)).map(nameOf));
        return outcomes.map(({ delivery }) => hopeless.has(nameOf(delivery)));
      },
      MOST_SETTLED,
      1,
    );
    this.periodic = new Periodic('webhook claim', POLL_MS, () => this.claim(), logger);
    this.attempts = new Counter({
      name: 'webhook_attempts_total',
      help: 'Attempts to deliver a webhook, by what became of them: delivered or failed.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  /** Something has become due. */
  wake(): void {
    this.periodic.wake();
  }

  /** Places have become free; a few more will be in a moment, and one claim serves them all. */
  private wakeSoon(): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      this.wake();
    }, GATHER_MS).unref();
  }

  /** What cannot be finished in time is due again at once, for another replica or the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.periodic.stop();
    await Promise.race([Promise.all(this.inHand.values()), sleep(DRAIN_MS, undefined, { ref: false })]);
    if (this.inHand.size > 0) await this.queue.release([...this.inHand.keys()]);
  }

  private async claim(): Promise<void> {
    for (let more = true; more && !this.stopping && this.places.free > 0; ) {
      const full = { accounts: this.places.fullAccounts(), destinations: this.places.fullDestinations() };
      const found = await this.queue.claim(full, (ready) => this.places.allot(ready), this.leaseMs);
      if (found.claimed.length > 0) await this.start(found.claimed);
      more = found.more;
    }
  }

  private async start(claimed: ClaimedDelivery[]): Promise<void> {
    const secrets = await this.secrets.of(claimed);
    for (const delivery of claimed) {
      const signing = secrets.get(signerOf(delivery));
      // Its endpoint has been deleted since.
      if (!signing) continue;
      this.places.take(delivery);
      const work = this.work(delivery, signing)
        .catch((error) => this.logger.error('webhook attempt not settled', { error, ...traits(delivery) }))
        .finally(() => {
          this.inHand.delete(delivery);
          this.places.giveBack(delivery);
          this.wakeSoon();
        });
      this.inHand.set(delivery, work);
    }
  }

  private async work(delivery: ClaimedDelivery, secrets: string[]): Promise<void> {
    const { attempt, askedMs } = await this.sender.attempt(delivery, secrets);
    if (attempt.status !== null) this.places.answered(delivery);
    const verdict = this.schedule.verdict(attempt.number - delivery.triesBefore, attempt.status, askedMs);
    const hopeless = await this.settlements.ask({ delivery, attempt, verdict });
    this.attempts.inc({ outcome: verdict.status === 'DELIVERED' ? 'delivered' : 'failed' });
    this.logger.debug('webhook attempt', { ...traits(delivery), number: attempt.number, status: attempt.status });
    if (verdict.status === 'DEAD') {
      this.logger.warn('webhook given up', { ...traits(delivery), tries: attempt.number, status: attempt.status });
      this.givingUp.count(1);
    }
    if (attempt.status === GONE && delivery.endpointId !== null) await this.givingUp.leave(delivery, 'GONE');
    else if (hopeless) await this.givingUp.leave(delivery, 'FAILING');
  }
}

const traits = ({ id, accountId, target, event }: ClaimedDelivery) => ({
  deliveryId: id,
  eventId: event.id,
  generationId: event.data.id,
  accountId,
  target,
});
