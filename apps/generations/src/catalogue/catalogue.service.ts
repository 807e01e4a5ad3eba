import {
  type ContentType,
  type Credentials,
  catalog,
  DoitongError,
  type generations,
  type Mode,
  type ProviderManifest,
  type ProviderState,
  type ReplyOf,
  type RequestOf,
} from '@doitong/contracts';
import { Clock, Logger, MessageBus, type OfFamily, Periodic } from '@doitong/service-kit';
import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { isNamed } from '../choice/named.js';
import { Circuits } from '../circuits/circuits.js';
import { GenerationsConfig } from '../config.js';
import { ModelHealth } from '../model-health/model-health.js';
import { type PricedFor, PriceOverrides } from '../prices/price-overrides.js';
import { PricesRepository } from '../prices/prices.repository.js';
import { CONFIG } from '../tokens.js';
import { Announcements } from './announcements.js';
import type { Absence, Candidate, CatalogueEntry } from './catalogue.entity.js';
import { CatalogueRepository } from './catalogue.repository.js';

const MISSED_BEATS = 3;
/** Nobody knows when a worker comes. */
const RETRY_SECONDS = 10;

/** What can be generated, by which living workers, for what price. Kept in memory, read anew when told of a change and at every sweep. */
@Injectable()
export class CatalogueService implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private entries: CatalogueEntry[] = [];
  private disabled = new Map<string, string>();
  private prices = new PriceOverrides();
  private reads = 0;
  private newest = 0;
  private readonly refresh: Periodic;

  constructor(
    private readonly repository: CatalogueRepository,
    private readonly announcements: Announcements,
    private readonly pricesRepository: PricesRepository,
    private readonly circuits: Circuits,
    private readonly health: ModelHealth,
    private readonly bus: MessageBus,
    private readonly clock: Clock,
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

  /** `family`: that of the worker that says it. */
  async announce({
    family,
    workerId,
    credentials,
    manifest,
  }: RequestOf<typeof catalog.announce> & OfFamily): Promise<ReplyOf<typeof catalog.announce>> {
    const isNew = await this.announcements.admit(family, manifest);
    const isChange = await this.repository.beat(workerId, credentials, family, this.aliveSeconds);
    if (isNew || isChange) {
      await this.read();
      this.bus.broadcast(catalog.changed, { family });
    }
    return { beatSeconds: this.config.BEAT_SECONDS };
  }

  async leave(family: string, workerId: string): Promise<void> {
    if (await this.repository.leave(family, workerId)) this.bus.broadcast(catalog.changed, { family });
  }

  /** Another replica heard of a change. */
  onChanged(): void {
    this.refresh.wake();
  }

  /** At the prices of this account. */
  candidates(type: ContentType, mode: Mode, account: PricedFor): Candidate[] {
    const priced = this.prices.pricing(account, this.clock.now());
    return this.entries.flatMap(({ manifest: { family, providers }, credentials }) => {
      return providers
        .filter((provider) => provider.type === type)
        .flatMap((provider) => {
          const absence = this.absenceOf(family, provider.id, credentials, mode);
          return provider.models.map((model) => {
            const health = this.health.of({ provider: provider.id, model: model.id }, model.expectedSeconds);
            return { family, provider, model: priced(provider.id, model), absence, health };
          });
        });
    });
  }

  /** Why this model can serve nobody now; null when it can. */
  absenceOfModel(type: ContentType, mode: Mode, provider: string, model: string): Absence | null {
    const has = (one: ProviderManifest) =>
      one.type === type && one.id === provider && one.models.some(({ id }) => id === model);
    const entry = this.entries.find(({ manifest }) => manifest.providers.some(has));
    if (!entry) return { because: 'unknown', retryAfterSeconds: 0 };
    return this.absenceOf(entry.manifest.family, provider, entry.credentials, mode);
  }

  providers(type?: ContentType): ReplyOf<typeof generations.providers>['providers'] {
    return this.entries.flatMap(({ manifest, credentials }) =>
      manifest.providers
        .filter((provider) => !type || provider.type === type)
        .map((provider) => ({ ...provider, available: hasAny(credentials) && !this.disabled.has(provider.id) })),
    );
  }

  /** Every provider as operators see it. */
  states(): ProviderState[] {
    return this.entries.flatMap(({ manifest: { family, providers }, credentials }) =>
      providers.map(({ id, type }) => {
        const why = (mode: Mode) => this.absenceOf(family, id, credentials, mode)?.because ?? null;
        return {
          id,
          type,
          family,
          live: why('live'),
          test: why('test'),
          disabledBecause: this.disabled.get(id) ?? null,
        };
      }),
    );
  }

  /** By id or alias. NOT_FOUND. */
  async disable(name: string, reason: string): Promise<ProviderState> {
    const { id } = this.named(name);
    await this.repository.disable(id, reason);
    await this.changed(id);
    return this.stateOf(id);
  }

  /** By id or alias. NOT_FOUND. */
  async enable(name: string): Promise<ProviderState> {
    const { id } = this.named(name);
    await this.repository.enable(id);
    await this.changed(id);
    return this.stateOf(id);
  }

  /** By id or alias. NOT_FOUND. */
  named(name: string): ProviderManifest {
    const all = this.entries.flatMap(({ manifest }) => manifest.providers);
    const found = all.find((each) => isNamed(each, name));
    if (found) return found;
    const message = `There is no provider "${name}".`;
    throw new DoitongError('NOT_FOUND', message, { field: 'provider', allowed: all.map(({ id }) => id) });
  }

  /** An operator changed what is kept of this provider. Other replicas and the gateways look again when they hear of it. */
  async changed(provider: string): Promise<void> {
    await this.read();
    const family = this.states().find(({ id }) => id === provider)?.family;
    if (family) this.bus.broadcast(catalog.changed, { family });
  }

  private stateOf(provider: string): ProviderState {
    return this.states().find(({ id }) => id === provider)!;
  }

  private absenceOf(family: string, provider: string, credentials: Credentials, mode: Mode): Absence | null {
    if (this.disabled.has(provider)) return { because: 'disabled by an operator', retryAfterSeconds: RETRY_SECONDS };
    const own = credentials[mode] ?? [];
    if (own.length > 0) return this.circuits.absenceOf(family, own);
    const because = hasAny(credentials) ? `no credential for ${mode} keys` : 'no live worker';
    return { because, retryAfterSeconds: RETRY_SECONDS };
  }

  private get aliveSeconds(): number {
    return this.config.BEAT_SECONDS * MISSED_BEATS;
  }

  /** Of reads that overtake each other the one that began last counts. */
  private async read(): Promise<void> {
    const turn = ++this.reads;
    const [entries, disabled, prices] = await Promise.all([
      this.repository.read(this.aliveSeconds),
      this.repository.disabled(),
      this.pricesRepository.notOver(),
      this.circuits.read(),
      this.health.read(),
    ]);
    if (turn > this.newest) {
      this.newest = turn;
      this.entries = entries;
      this.disabled = disabled;
      this.prices = new PriceOverrides(prices);
    }
    await this.repository.forgetDead(this.aliveSeconds);
  }
}

function hasAny({ live = [], test = [] }: Credentials): boolean {
  return live.length + test.length > 0;
}
