import { byHalves } from './halves.js';

/** Batches at once, where more would only wait for each other: while one is decided, the next is sent. */
const MOST_RUNNING = 2;

interface Waiting<Ask, Answer> {
  ask: Ask;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Lets what is asked at about the same time share a statement: the first is sent at once, the others with the next one. `decide`
 * answers at most `largest`, in their order, all or none: when it throws it must have done nothing, and they are tried by halves, so that
 * only those fail that would have failed alone.
 */
export class Batches<Ask, Answer> {
  private waiting: Waiting<Ask, Answer>[] = [];
  private running = 0;
  private scheduled = false;

  constructor(
    private readonly decide: (asks: Ask[]) => Promise<Answer[]>,
    private readonly largest: number,
    private readonly mostRunning = MOST_RUNNING,
    private readonly isOfOne?: (error: unknown) => boolean,
  ) {}

  ask(ask: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ ask, resolve, reject });
      this.schedule();
    });
  }

  /** After all that has arrived by now was read. */
  private schedule(): void {
    if (this.scheduled || this.running >= this.mostRunning || this.waiting.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.run(this.waiting.splice(0, this.largest));
      this.schedule();
    });
  }

  private async run(batch: Waiting<Ask, Answer>[]): Promise<void> {
    this.running += 1;
    const asks = batch.map(({ ask }) => ask);
    const outcomes = await byHalves(asks, this.decide, this.isOfOne);
    this.running -= 1;
    this.schedule();
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index]!;
      if (outcome.status === 'fulfilled') resolve(outcome.value);
      else reject(outcome.reason);
    }
  }
}
