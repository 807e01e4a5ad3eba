/** Waits that can be cut short: by a hint that something happened, or for good by a signal. */
export class Pauses {
  private cutShort?: () => void;
  private woken = false;

  /** Ends the pause that goes on, or else the next: what a hint tells may be newer than what was seen before that. */
  wake(): void {
    this.woken = true;
    this.cutShort?.();
  }

  /** Resolves after `ms`, or at `wake()`. Rejects with the signal's reason when it aborts. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let end: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, this.woken ? 0 : ms);
        const aborted = () => reject(signal.reason);
        signal.addEventListener('abort', aborted, { once: true });
        this.cutShort = resolve;
        end = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', aborted);
        };
      });
    } finally {
      end?.();
      this.cutShort = undefined;
      this.woken = false;
    }
  }
}
