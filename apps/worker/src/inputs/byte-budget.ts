interface Waiting {
  bytes: number;
  resolve(): void;
}

/** Bytes that a process holds in memory at once, of whoever asks. Who finds too few left waits, behind those who came before. */
export class ByteBudget {
  private left: number;
  private waiting: Waiting[] = [];

  constructor(private readonly most: number) {
    this.left = most;
  }

  /** Resolves, with how to give them back, when there is room for so many; more than there are at all count as all. Rejects with the signal's reason. */
  async take(wanted: number, signal: AbortSignal): Promise<() => void> {
    const bytes = Math.min(wanted, this.most);
    signal.throwIfAborted();
    if (this.waiting.length > 0 || bytes > this.left) await this.turn(bytes, signal);
    else this.left -= bytes;
    let isTaken = true;
    return () => {
      if (isTaken) this.left += bytes;
      isTaken = false;
      this.next();
    };
  }

  private async turn(bytes: number, signal: AbortSignal): Promise<void> {
    let stop = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const waiting = { bytes, resolve };
        this.waiting.push(waiting);
        stop = () => {
          this.waiting = this.waiting.filter((other) => other !== waiting);
          reject(signal.reason);
          this.next();
        };
        signal.addEventListener('abort', stop);
      });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private next(): void {
    for (let first = this.waiting[0]; first && first.bytes <= this.left; first = this.waiting[0]) {
      this.waiting.shift();
      this.left -= first.bytes;
      first.resolve();
    }
  }
}
