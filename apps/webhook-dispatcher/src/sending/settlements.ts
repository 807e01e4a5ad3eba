import { Inject, Injectable } from '@nestjs/common';
import { type Attempt, QueueRepository } from './queue.repository.js';
import type { Verdict } from './retry-schedule.js';

interface Waiting {
  attempt: Attempt;
  verdict: Verdict;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Makes the outcomes of attempts durable: while one statement is under way, the next ones gather for one together. */
@Injectable()
export class Settlements {
  private waiting: Waiting[] = [];
  private writing = false;

  constructor(@Inject(QueueRepository) private readonly queue: QueueRepository) {}

  /** Resolves once it is durable. If that fails, the delivery is attempted again when its lease ends. */
  settle(attempt: Attempt, verdict: Verdict): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ attempt, verdict, resolve, reject });
      if (!this.writing) void this.write();
    });
  }

  private async write(): Promise<void> {
    this.writing = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      await this.queue.settle(batch).then(
        () => {
          for (const { resolve } of batch) resolve();
        },
        (error) => {
          for (const { reject } of batch) reject(error);
        },
      );
    }
    this.writing = false;
  }
}
