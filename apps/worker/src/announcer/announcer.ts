import { catalog, saidBy } from '@doitong/contracts';
import type { ProviderFamily } from '@doitong/providers/kit';
import { HealthChecks, Logger, MessageBus } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { FAMILY } from '../tokens.js';
import { Vendors } from '../vendors/vendors.js';
import { WorkerIdentity } from '../worker-identity.js';

const RETRY_SECONDS = 1;

/** Tells the catalogue what this worker's family offers, again and again while it lives, and that it goes. */
@Injectable()
export class Announcer implements OnApplicationBootstrap, OnModuleDestroy {
  private timer?: NodeJS.Timeout;
  private beatSeconds = RETRY_SECONDS;
  private announced = false;
  private gone = false;

  constructor(
    private readonly bus: MessageBus,
    private readonly vendors: Vendors,
    private readonly identity: WorkerIdentity,
    private readonly logger: Logger,
    health: HealthChecks,
    @Inject(FAMILY) private readonly family: ProviderFamily,
  ) {
    health.add(`announced:${this.name}`, async () => {
      if (!this.announced) throw new Error('the catalogue does not know this worker yet');
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.announce();
  }

  async onModuleDestroy(): Promise<void> {
    this.gone = true;
    clearTimeout(this.timer);
    await this.bus.request(saidBy(this.name, catalog.leave), { workerId: this.identity.id }).catch((error) => {
      this.logger.debug('leave not heard; the catalogue will notice', { error });
    });
  }

  private get name(): string {
    return this.family.manifest.family;
  }

  private async announce(): Promise<void> {
    let seconds = RETRY_SECONDS;
    try {
      const { credentials } = this.vendors;
      const announcement = { workerId: this.identity.id, credentials, manifest: this.family.manifest };
      // No longer than a beat: of a NATS that went away with the answer, no more than this one is missed.
      const reply = await this.bus.request(saidBy(this.name, catalog.announce), announcement, this.beatSeconds * 1_000);
      seconds = this.beatSeconds = reply.beatSeconds;
      this.announced = true;
    } catch (error) {
      this.logger.warn('not announced, will try again', { error });
    }
    if (this.gone) return;
    this.timer = setTimeout(() => void this.announce(), seconds * 1_000);
    this.timer.unref();
  }
}
