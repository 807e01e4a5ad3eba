import { DoitongError, type Request } from '@doitong/contracts';
import { type MessageBus, NoAnswer } from '../bus/message-bus.js';
import type { Logger } from '../logging/logger.js';
import { withContext } from '../logging/request-context.js';
import type { Database, Queryable } from '../persistence/database.js';
import { byHalves } from '../runtime/halves.js';
import { Periodic } from '../runtime/periodic.js';

const BATCH = 500;
const POLL_MS = 1_000;
const LONGEST_BACKOFF_SECONDS = 60;

interface Row {
  id: number;
  item: unknown;
  request_id: string;
}

/**
 * Hands outbox rows to the services that they are for, in batches, at least once. A row is deleted only after its
 * receiver has committed and answered; what cannot be delivered is tried again, ever more slowly, for ever.
 * Replicas share the work: a row is locked while one of them hands it over. Each receiver is relayed to on its own, so
 * that one which is slow or gone holds up nothing but its own items.
 */
export class OutboxRelay {
  private readonly relays: Periodic[];
  private stopping = false;

  constructor(
    private readonly database: Database,
    private readonly bus: MessageBus,
    private readonly logger: Logger,
    routes: Request[],
  ) {
    this.relays = routes.map(
      (route) => new Periodic(`outbox relay to ${route.subject}`, POLL_MS, () => this.drain(route), logger),
    );
  }

  start(): void {
    for (const relay of this.relays) relay.start();
  }

  /** Call after each commit that wrote to the outbox. */
  wake(): void {
    for (const relay of this.relays) relay.wake();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.relays.map((relay) => relay.stop()));
  }

  private async drain(route: Request): Promise<void> {
    while (!this.stopping && (await this.database.transaction((tx) => this.relayBatch(tx, route))) === BATCH);
  }

  private async relayBatch(tx: Queryable, route: Request): Promise<number> {
    const rows = await tx.query<Row>(
      `SELECT id, item, request_id FROM outbox WHERE subject = $1 AND available_at <= now()
       ORDER BY available_at, id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
      [route.subject],
    );
    if (rows.length === 0) return 0;
    // One bad item must not hold up the others of its batch.
    const outcomes = await byHalves(rows, (some) => this.handOver(route, some), wasAnswered);
    const idsOf = (status: 'fulfilled' | 'rejected') =>
      rows.filter((_, index) => outcomes[index]!.status === status).map(({ id }) => id);
    const [delivered, failed] = [idsOf('fulfilled'), idsOf('rejected')];
    if (delivered.length > 0) await tx.query('DELETE FROM outbox WHERE id = ANY($1::bigint[])', [delivered]);
    if (failed.length > 0) {
      this.logger.warn('outbox items not taken, will be tried again', {
        subject: route.subject,
        items: failed.length,
        error: outcomes.find((outcome) => outcome.status === 'rejected')?.reason,
      });
      await tx.query(
        `UPDATE outbox SET tries = tries + 1,
           available_at = clock_timestamp()
             + make_interval(secs => least(${LONGEST_BACKOFF_SECONDS}, power(2, least(tries, 10))))
         WHERE id = ANY($1::bigint[])`,
        [failed],
      );
    }
    return rows.length;
  }

  private async handOver(route: Request, rows: Row[]): Promise<Row[]> {
    await withContext({ requestId: rows[0]!.request_id }, () =>
      this.bus.request(route, { items: rows.map(({ item }) => item) } as never),
    );
    return rows;
  }
}

/** A receiver that does not answer has nothing against an item. */
const wasAnswered = (error: unknown) => !(error instanceof DoitongError && error.cause instanceof NoAnswer);
