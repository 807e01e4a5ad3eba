import { Inject, Injectable } from '@nestjs/common';
import type { WebhookDispatcherConfig } from '../config.js';
import type { Destination } from '../deliveries/destinations.js';
import { CONFIG } from '../tokens.js';
import { type Attempt, QueueRepository } from './queue.repository.js';
import type { Verdict } from './retry-schedule.js';

interface Waiting {
  destination: Destination;
  attempt: Attempt;
  verdict: Verdict;
  resolve: (outcome: { hopeless: boolean }) => void;
  reject: (error: unknown) => void;
}

/** Makes the outcomes of attempts durable: while one statement is under way, the next ones gather for one together. */
@Injectable()
export class Settlements {
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(
    private readonly queue: QueueRepository,
    @Inject(CONFIG) private readonly config: WebhookDispatcherConfig,
  ) {}

  /**
   * Resolves once it is durable; `hopeless` when its destination has failed for too long. If it fails, the delivery is attempted
   * again when its lease ends.
   */
  settle(destination: Destination, attempt: Attempt, verdict: Verdict): Promise<{ hopeless: boolean }> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ destination, attempt, verdict, resolve, reject });
      if (!this.writing) void this.write();
    });
  }

  private async write(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      await this.queue.settle(batch, this.config.WEBHOOK_RETRY_SCALE).then(
        (hopeless) => {
          const given = new Set(hopeless.map(nameOf));
          for (const { destination, resolve } of batch) resolve({ hopeless: given.has(nameOf(destination)) });
        },
        (error) => {
          for (const { reject } of batch) reject(error);
        },
      );
    }
    this.writing = false;
  }
}

const nameOf = ({ accountId, target }: Destination) => `${accountId} ${target}`;
