import type { Mode } from '@doitong/contracts';
import { Clock, Logger, Periodic } from '@doitong/service-kit';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModelHealthRepository, type ModelKey, nameOf, type Seen } from './model-health.repository.js';
import { added, faded, type Health, healthOf, nothing, type Observed } from './observed.js';

const FLUSH_MS = 1_000;

/**
 * How each model does, as all replicas have seen it. What this one sees is added to the table once a second, not by those who
 * see it; what a stop loses of it nobody misses. Test keys teach nothing: a test prompt can ask the sandbox for any fault.
 */
@Injectable()
export class ModelHealth implements OnApplicationBootstrap, OnModuleDestroy {
  private known = new Map<string, Seen>();
  private unsaved = new Map<string, ModelKey & Observed>();
  private readonly flushing: Periodic;

  constructor(
    private readonly repository: ModelHealthRepository,
    private readonly clock: Clock,
    logger: Logger,
  ) {
    this.flushing = new Periodic('flush of model health', FLUSH_MS, () => this.flush(), logger);
  }

  onApplicationBootstrap(): void {
    this.flushing.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.flushing.stop();
  }

  /** `outcome`: failed by its own fault, or how long it took. */
  note({ mode, provider, model }: ModelKey & { mode: Mode }, outcome: 'failed' | { seconds: number }): void {
    if (mode === 'test') return;
    const key = { provider, model };
    const seen =
      outcome === 'failed' ? { ...nothing, failures: 1 } : { ...nothing, successes: 1, seconds: outcome.seconds };
    this.unsaved.set(nameOf(key), { ...key, ...added(this.unsaved.get(nameOf(key)) ?? nothing, seen) });
  }

  async read(): Promise<void> {
    this.known = new Map((await this.repository.all()).map((seen) => [nameOf(seen), seen]));
  }

  of(key: ModelKey, expectedSeconds: number): Health {
    const seen = this.known.get(nameOf(key));
    if (!seen) return healthOf(nothing, expectedSeconds);
    return healthOf(faded(seen, this.clock.now().getTime() - seen.at.getTime()), expectedSeconds);
  }

  /** What could not be saved is tried again with what comes. */
  private async flush(): Promise<void> {
    if (this.unsaved.size === 0) return;
    const news = this.unsaved;
    this.unsaved = new Map();
    try {
      await this.repository.add([...news.values()]);
    } catch (error) {
      for (const [name, seen] of news) {
        this.unsaved.set(name, { ...seen, ...added(seen, this.unsaved.get(name) ?? nothing) });
      }
      throw error;
    }
    await this.read();
  }
}
