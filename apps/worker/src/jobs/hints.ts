import { attempts } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

type Hint = 'poll' | 'cancel';

/** Passes hints on to whoever in this process waits for that attempt. */
@Injectable()
export class Hints implements OnApplicationBootstrap {
  private readonly waiting = new Map<string, (hint: Hint) => void>();

  constructor(private readonly bus: MessageBus) {}

  onApplicationBootstrap(): void {
    this.bus.listen(attempts.hint, ({ attemptId, what }) => this.waiting.get(attemptId)?.(what));
  }

  /** Returns how to stop listening. */
  listen(attemptId: string, heard: (hint: Hint) => void): () => void {
    this.waiting.set(attemptId, heard);
    return () => this.waiting.delete(attemptId);
  }
}
