/** When a request ends early, and why: its time is up, or nobody needs it any more. A signal costs as much as half a request. */
export class Ending {
  private reason?: unknown;
  private isEnded = false;
  private reject?: (reason: unknown) => void;

  end(reason: unknown): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.reason = reason;
    this.reject?.(reason);
  }

  /** Throws the reason once it has ended. */
  check(): void {
    if (this.isEnded) throw this.reason;
  }

  /** What comes of this work, of which there is one at a time; the reason as soon as it ends. */
  unless<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.reject = reject;
      if (this.isEnded) reject(this.reason);
      work.then(resolve, reject);
    });
  }
}
