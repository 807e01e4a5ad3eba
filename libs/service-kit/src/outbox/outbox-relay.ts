import { DoitongError, type Request } from '@doitong/contracts';
import type { MessageBus } from '../bus/message-bus.js';
import type { Logger } from '../logging/logger.js';
import { withContext } from '../logging/request-context.js';
import type { Database, Queryable } from '../persistence/database.js';
import { Periodic } from '../runtime/periodic.js';

const BATCH = 500;
const POLL_MS = 1_000;
const LONGEST_BACKOFF_SECONDS = 60;

interface Row {
  id: number;
  subject: string;
  item: unknown;
  request_id: string;
}

/**
 * Hands outbox rows to the services that they are for, in batches, at least once. A row is deleted only after its
 * receiver has committed and answered; what cannot be delivered is tried again, ever more slowly, for ever.
 * Replicas share the work: a row is locked while one of them hands it over.
 */
export class OutboxRelay {
  private readonly periodic: Periodic;

  constructor(
    private readonly database: Database,
    private readonly bus: MessageBus,
    private readonly logger: Logger,
    private readonly routes: Request[],
  ) {
    this.periodic = new Periodic('outbox relay', POLL_MS, () => this.drain(), logger);
  }

  start(): void {
    this.periodic.start();
  }

  /** Call after each commit that wrote to the outbox. */
  wake(): void {
    this.periodic.wake();
  }

  async stop(): Promise<void> {
    await this.periodic.stop();
  }

  private async drain(): Promise<void> {
    while ((await this.database.transaction((tx) => this.relayBatch(tx))) === BATCH);
  }

  private async relayBatch(tx: Queryable): Promise<number> {
    const rows = await tx.query<Row>(
      `SELECT id, subject, item, request_id FROM outbox WHERE available_at <= now()
       ORDER BY available_at, id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
    );
    if (rows.length === 0) return 0;
    const bySubject = groupBySubject(rows);
    const outcomes = await Promise.all([...bySubject].map(([subject, some]) => this.handOver(subject, some)));
    const delivered = outcomes.flatMap((outcome) => outcome.delivered);
    const failed = outcomes.flatMap((outcome) => outcome.failed);
    if (delivered.length > 0) await tx.query('DELETE FROM outbox WHERE id = ANY($1::bigint[])', [delivered]);
    if (failed.length > 0) {
      await tx.query(
        `UPDATE outbox SET tries = tries + 1,
           available_at = now() + make_interval(secs => least(${LONGEST_BACKOFF_SECONDS}, power(2, least(tries, 10))))
         WHERE id = ANY($1::bigint[])`,
        [failed],
      );
    }
    return rows.length;
  }

  private async handOver(subject: string, rows: Row[]): Promise<{ delivered: number[]; failed: number[] }> {
    const ids = rows.map((row) => row.id);
    const route = this.routes.find((candidate) => candidate.subject === subject);
    try {
      if (!route) throw new Error(`no route for ${subject}`);
      await withContext({ requestId: rows[0]!.request_id }, () =>
        this.bus.request(route, { items: rows.map((row) => row.item) } as never),
      );
      return { delivered: ids, failed: [] };
    } catch (error) {
      // One bad item must not hold up the others of its batch.
      if (rows.length > 1 && error instanceof DoitongError && error.code !== 'INTERNAL') {
        const each = await Promise.all(rows.map((row) => this.handOver(subject, [row])));
        return { delivered: each.flatMap((one) => one.delivered), failed: each.flatMap((one) => one.failed) };
      }
      this.logger.warn('outbox items not taken, will be tried again', { subject, items: rows.length, error });
      return { delivered: [], failed: ids };
    }
  }
}

function groupBySubject(rows: Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.subject, [...(groups.get(row.subject) ?? []), row]);
  return groups;
}
