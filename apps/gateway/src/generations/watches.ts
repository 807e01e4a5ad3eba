import { DoitongError, GenerationId, type Principal } from '@doitong/contracts';
import { Logger, MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { Repeater, SlidingBuffer } from '@repeaterjs/repeater';
import { Check } from 'typebox/value';
import type { Generation } from './generation.type.js';
import { GenerationsService } from './generations.service.js';
import { Watch } from './watch.js';

/** The generations that somebody watches. Who watches the same one for the same account and mode shares its looks. */
@Injectable()
export class Watches {
  private readonly watches = new Map<string, Watch>();

  constructor(
    private readonly generations: GenerationsService,
    private readonly bus: MessageBus,
    private readonly logger: Logger,
  ) {}

  /**
   * The generation as it is now, as it is after each change, and at last as it ended; each version once, and growing. Of states that
   * come faster than they are taken, only the newest is kept. Its first step fails with NOT_FOUND where there is no such generation.
   */
  watch(principal: Principal, id: string): AsyncIterable<Generation> {
    return new Repeater<Generation>(async (push, stop) => {
      // What is no id must not become a part of a subject.
      if (!Check(GenerationId, id)) throw new DoitongError('NOT_FOUND', 'There is no generation of this id.');
      let told = 0;
      const tell = (generation: Generation) => {
        if (generation.version <= told) return;
        told = generation.version;
        void push(generation);
        if (generation.completedAt !== null) stop();
      };
      const key = `${principal.accountId}/${principal.mode}/${id}`;
      const watch = this.watches.get(key) ?? this.open(key, principal, id);
      watch.watchers.add(tell);
      try {
        // Changes are heard from here on, so that none falls between this look and the first of them.
        watch.tell(await this.generations.get(principal, id));
        await stop;
      } finally {
        watch.watchers.delete(tell);
        if (watch.watchers.size === 0) this.close(key, watch);
      }
    }, new SlidingBuffer(1));
  }

  private open(key: string, principal: Principal, id: string): Watch {
    const watch = new Watch(id, () => this.generations.get(principal, id), this.bus, this.logger);
    this.watches.set(key, watch);
    return watch;
  }

  private close(key: string, watch: Watch): void {
    watch.close();
    if (this.watches.get(key) === watch) this.watches.delete(key);
  }
}
