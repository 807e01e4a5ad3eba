import { type AttemptFailure, catalog, type Mode } from '@doitong/contracts';
import { Clock, Logger, MessageBus, Metrics, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import type { Absence } from '../catalogue/catalogue.entity.js';
import { afterFault, type Circuit, isFault, waitOf } from './circuit.js';
import { type CircuitKey, CircuitsRepository } from './circuits.repository.js';

/** An attempt of which a worker reports a failure; nulls where the vendor was never asked. */
interface Tried {
  accountId: string;
  mode: Mode;
  family: string;
  credential: string | null;
  askedAt: Date | null;
}

const nameOf = ({ family, credential }: CircuitKey) => `${family}/${credential}`;

/**
 * The circuit of each vendor credential. PostgreSQL has the truth, and `attempt.begin` goes by that; what is kept here is as
 * old as the catalogue, and serves the choice. Test keys change none: a test prompt can ask the sandbox for any fault.
 */
@Injectable()
export class Circuits {
  private known = new Map<string, Circuit>();

  constructor(
    private readonly repository: CircuitsRepository,
    private readonly bus: MessageBus,
    private readonly clock: Clock,
    private readonly logger: Logger,
    { registry }: Metrics,
  ) {
    const open = new Gauge({
      name: 'vendor_circuit_open',
      help: 'Whether the circuit of a vendor credential, by its fingerprint, is open; half-open counts as open.',
      labelNames: ['family', 'credential'],
      registers: [registry],
      collect: () => {
        open.reset();
        for (const [name, { openUntil }] of this.known) {
          const [family = '', credential = ''] = name.split('/');
          open.set({ family, credential }, openUntil ? 1 : 0);
        }
      },
    });
  }

  async read(): Promise<void> {
    await this.repository.forgetOld();
    this.known = new Map((await this.repository.all()).map((circuit) => [nameOf(circuit), circuit]));
  }

  /** Null while at least one of these credentials lets an attempt through. */
  absenceOf(family: string, credentials: string[]): Absence | null {
    const now = this.clock.now();
    const waitsMs = credentials.map((credential) => waitOf(this.known.get(nameOf({ family, credential })), now));
    const waitMs = Math.min(...waitsMs);
    return waitMs === 0 ? null : { because: 'circuit open', retryAfterSeconds: Math.ceil(waitMs / 1_000) };
  }

  /** Notes what a failure tells of the credential, in the transaction that records it. True when that opens its circuit. */
  async failed(
    tx: Queryable,
    { accountId, mode, family, credential, askedAt }: Tried,
    failure: AttemptFailure,
  ): Promise<boolean> {
    if (mode === 'test' || credential === null || askedAt === null) return false;
    const key = { family, credential };
    const { kind, retryAfterMs } = failure;
    if (!isFault(failure)) {
      await this.repository.endTrial(tx, key, askedAt);
      return false;
    }
    const { before, after } = await this.repository.change(tx, key, (circuit, now) =>
      afterFault(circuit, { accountId, kind, retryAfterMs, askedAt }, now),
    );
    this.known.set(nameOf(key), after);
    return after.openings > before.openings;
  }

  /** That is committed now. */
  opened({ family, credential }: Tried, { kind }: AttemptFailure): void {
    const { openings, openUntil } = this.known.get(nameOf({ family, credential: credential ?? '' })) ?? {};
    this.logger.warn('circuit opened', { family, credential, kind, openings, openUntil });
    this.bus.broadcast(catalog.changed, { family });
  }

  /** The repository closed it: the vendor served this credential again. */
  closed(key: CircuitKey): void {
    this.known.delete(nameOf(key));
    this.logger.info('circuit closed', { family: key.family, credential: key.credential });
    this.bus.broadcast(catalog.changed, { family: key.family });
  }
}
