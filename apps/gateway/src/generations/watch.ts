import { generations } from '@doitong/contracts';
import { type Logger, type MessageBus, Periodic } from '@doitong/service-kit';
import type { Generation } from './generation.type.js';

/** A change of which the broadcast was lost is seen after this time at the latest. */
export const LOOK_AGAIN_MS = 5_000;

/** One generation under watch: looked at when it is told that it changed, and every few seconds in case that was lost. */
export class Watch {
  readonly watchers = new Set<(generation: Generation) => void>();
  private version = 0;
  private readonly looks: Periodic;
  private readonly heard: { unsubscribe(): void };

  constructor(id: string, look: () => Promise<Generation>, bus: MessageBus, logger: Logger) {
    this.looks = new Periodic(`look at ${id}`, LOOK_AGAIN_MS, async () => this.tell(await look()), logger);
    this.looks.start();
    this.heard = bus.listen(generations.changed(id), ({ version }) => {
      if (version > this.version) this.looks.wake();
    });
  }

  tell(generation: Generation): void {
    this.version = Math.max(this.version, generation.version);
    for (const tell of this.watchers) tell(generation);
  }

  close(): void {
    this.heard.unsubscribe();
    void this.looks.stop();
  }
}
