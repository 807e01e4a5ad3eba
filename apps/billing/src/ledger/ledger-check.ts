import type { admin, ReplyOf } from '@doitong/contracts';
import { Logger, Metrics, Periodic } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { BillingConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { HoldMatch } from './hold-match.js';
import { LedgerCheckRepository } from './ledger-check.repository.js';

/** The standing checker: when asked, and by the clock. */
@Injectable()
export class LedgerCheck implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly periodic: Periodic;
  private readonly found: Gauge;

  constructor(
    private readonly books: LedgerCheckRepository,
    private readonly holds: HoldMatch,
    private readonly logger: Logger,
    { registry }: Metrics,
    @Inject(CONFIG) { VERIFY_SECONDS }: BillingConfig,
  ) {
    this.periodic = new Periodic(
      'check of the ledger',
      VERIFY_SECONDS * 1_000,
      async () => void (await this.verify()),
      logger,
    );
    this.found = new Gauge({
      name: 'ledger_discrepancies',
      help: 'What the last check of the ledger found wrong; NaN before the first one.',
      registers: [registry],
    });
    this.found.set(Number.NaN);
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.periodic.stop();
  }

  /** Everything that must hold of the ledger, recomputed from one moment's data; then its holds beside the generations. */
  async verify(): Promise<ReplyOf<typeof admin.ledgerVerify>> {
    const { discrepancies: ofBooks, ...totals } = await this.books.run();
    const ofHolds = await this.holds.run().catch((error) => {
      this.logger.warn('holds not matched with generations', { error });
      return undefined;
    });
    const discrepancies = [...ofBooks, ...(ofHolds ?? [])];
    this.found.set(discrepancies.length);
    if (discrepancies.length > 0) this.logger.error('the ledger does not add up', { discrepancies });
    return { balanced: discrepancies.length === 0, matched: ofHolds !== undefined, ...totals, discrepancies };
  }
}
