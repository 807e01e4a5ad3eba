import {
  type ContentType,
  catalog,
  type FamilyManifest,
  type generations,
  type Mode,
  type ReplyOf,
} from '@doitong/contracts';
import { Logger, MessageBus, Periodic } from '@doitong/service-kit';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { GenerationsConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import type { Absence, Candidate, CatalogueEntry } from './catalogue.entity.js';
import { CatalogueRepository } from './catalogue.repository.js';
import { checkOptionSchemas } from './option-schema.js';

const MISSED_BEATS = 3;
/** Nobody knows when a worker comes. */
const RETRY_SECONDS = 10;

/** What can be generated, and by which living workers. Kept in memory, read anew when told of a change and at every sweep. */
@Injectable()
export class CatalogueService implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private entries: CatalogueEntry[] = [];
  private reads = 0;
  private newest = 0;
  private readonly refresh: Periodic;

  constructor(
    private readonly repository: CatalogueRepository,
    private readonly bus: MessageBus,
    logger: Logger,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {
    this.refresh = new Periodic('catalogue refresh', config.SWEEP_MS, () => this.read(), logger);
  }

  /** Before the first request is answered. */
  onModuleInit(): Promise<void> {
    return this.read();
  }

  onApplicationBootstrap(): void {
    this.refresh.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.refresh.stop();
  }

  async announce(workerId: string, modes: Mode[], manifest: FamilyManifest): Promise<ReplyOf<typeof catalog.announce>> {
    checkOptionSchemas(manifest);
    if (await this.repository.announce(workerId, modes, manifest, this.aliveSeconds)) {
      await this.read();
      this.bus.broadcast(catalog.changed, { family: manifest.family });
    }
    return { beatSeconds: this.config.BEAT_SECONDS };
  }

  async leave(workerId: string): Promise<void> {
    const family = await this.repository.leave(workerId);
    if (family) this.bus.broadcast(catalog.changed, { family });
  }

  /** Another replica heard of a change. */
  onChanged(): void {
    this.refresh.wake();
  }

  candidates(type: ContentType, mode: Mode): Candidate[] {
    return this.entries.flatMap(({ manifest: { family, providers }, modes }) => {
      const absence = this.absenceOf(modes, mode);
      return providers
        .filter((provider) => provider.type === type)
        .flatMap((provider) => provider.models.map((model) => ({ family, provider, model, absence })));
    });
  }

  providers(type?: ContentType): ReplyOf<typeof generations.providers>['providers'] {
    return this.entries.flatMap(({ manifest, modes }) =>
      manifest.providers
        .filter((provider) => !type || provider.type === type)
        .map((provider) => ({ ...provider, available: modes.length > 0 })),
    );
  }

  private absenceOf(modes: Mode[], mode: Mode): Absence | null {
    if (modes.includes(mode)) return null;
    const because = modes.length === 0 ? 'no live worker' : `no credential for ${mode} keys`;
    return { because, retryAfterSeconds: RETRY_SECONDS };
  }

  private get aliveSeconds(): number {
    return this.config.BEAT_SECONDS * MISSED_BEATS;
  }

  /** Of reads that overtake each other the one that began last counts. */
  private async read(): Promise<void> {
    const turn = ++this.reads;
    const entries = await this.repository.read(this.aliveSeconds);
    if (turn > this.newest) {
      this.newest = turn;
      this.entries = entries;
    }
    await this.repository.forgetDead(this.aliveSeconds);
  }
}
