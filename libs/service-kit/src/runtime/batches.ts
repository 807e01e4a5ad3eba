/** Batches at once, where more would only wait for each other: while one is decided, the next is sent. */
const MOST_RUNNING = 2;

interface Waiting<Ask, Answer> {
  ask: Ask;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Lets what is asked at about the same time share a statement: the first is sent at once, the others with the next one. `decide`
 * answers at most `largest`, in their order; when it throws, each of them fails with that.
 */
export class Batches<Ask, Answer> {
  private waiting: Waiting<Ask, Answer>[] = [];
  private running = 0;
  private scheduled = false;

  constructor(
    private readonly decide: (asks: Ask[]) => Promise<Answer[]>,
    private readonly largest: number,
    private readonly mostRunning = MOST_RUNNING,
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
    try {
      const answers = await this.decide(batch.map(({ ask }) => ask));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.running -= 1;
      this.schedule();
    }
  }
}
