import { attempts } from '@doitong/contracts';
import type { ProviderFamily } from '@doitong/providers/kit';
import { MessageBus } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { FAMILY } from '../tokens.js';

type Hint = 'poll' | 'cancel';

/** Passes hints on to whoever in this process waits for that attempt. */
@Injectable()
export class Hints implements OnApplicationBootstrap {
  private readonly waiting = new Map<string, (hint: Hint) => void>();

  constructor(
    private readonly bus: MessageBus,
    @Inject(FAMILY) private readonly family: ProviderFamily,
  ) {}

  onApplicationBootstrap(): void {
    const hint = attempts.hint(this.family.manifest.family);
    this.bus.listen(hint, ({ attemptId, what }) => this.waiting.get(attemptId)?.(what));
  }

  /** Returns how to stop listening. */
  listen(attemptId: string, heard: (hint: Hint) => void): () => void {
    this.waiting.set(attemptId, heard);
    return () => this.waiting.delete(attemptId);
  }
}
