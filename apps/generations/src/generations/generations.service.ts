import {
  type admin,
  attempts,
  DoitongError,
  type Generation,
  type generations,
  type ReplyOf,
  type RequestOf,
} from '@doitong/contracts';
import {
  Batches,
  Database,
  fitting,
  MessageBus,
  noteGeneration,
  type Queryable,
  writeAudit,
} from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { AttemptsRepository } from '../attempts/attempts.repository.js';
import { CatalogueService } from '../catalogue/catalogue.service.js';
import { isNamed } from '../choice/named.js';
import { ModelHealth } from '../model-health/model-health.js';
import { type Ending, OutcomeRepository } from '../outcome/outcome.repository.js';
import { Relay } from '../outcome/relay.js';
import { Cancellations } from './cancellations.js';
import { Changes } from './changes.js';
import { type GenerationRow, toGeneration } from './generation.entity.js';
import { GenerationsRepository, type Owner } from './generations.repository.js';
import { live } from './transitions.js';

const OVERDUE_BATCH = 100;
/** Generations that one statement reads. */
const LARGEST_READ = 200;

/** Writes what an operator did, in the transaction in which it is done. */
export type Note = (tx: Queryable, done: GenerationRow) => Promise<void>;

/** How a generation ends, from whether a vendor may have been asked for it. */
type EndingOf = (tx: Queryable, mayHaveBeenAsked: boolean) => Promise<Ending>;

const cancelledFree: EndingOf = async () => ({ status: 'CANCELLED' });

@Injectable()
export class GenerationsService {
  private readonly reads = new Batches<string, GenerationRow | undefined>((ids) => this.findEach(ids), LARGEST_READ);

  constructor(
    private readonly database: Database,
    private readonly repository: GenerationsRepository,
    private readonly attemptsRepository: AttemptsRepository,
    private readonly outcomes: OutcomeRepository,
    private readonly health: ModelHealth,
    private readonly relay: Relay,
    private readonly changes: Changes,
    private readonly cancellations: Cancellations,
    private readonly catalogue: CatalogueService,
    private readonly bus: MessageBus,
  ) {}

  /** NOT_FOUND also for one of another account or the other mode. */
  async get({ accountId, mode }: Owner, id: string): Promise<Generation> {
    noteGeneration(id);
    const row = await this.reads.ask(id);
    if (row?.account_id !== accountId || row.mode !== mode)
      throw new DoitongError('NOT_FOUND', `There is no generation ${id}.`, { field: 'id' });
    return toGeneration(row);
  }

  /** Fewer than `first` where so many would not fit into one reply. */
  async list({
    filter,
    first,
    after,
    ...owner
  }: RequestOf<typeof generations.list>): Promise<ReplyOf<typeof generations.list>> {
    const { provider: name } = filter;
    const provider = name && (this.catalogue.providers().find((each) => isNamed(each, name))?.id ?? name.toLowerCase());
    const rows = await this.repository.list(owner, { ...filter, provider }, after, first + 1);
    const page = fitting(rows.slice(0, first).map(toGeneration));
    return { generations: page, more: rows.length > page.length };
  }

  /**
   * Ends it, whatever the vendor does: a result that comes all the same is neither charged nor shown. False when it had ended already. Where
   * the vendor may have been asked, it is charged at the terms of the plan.
   */
  async cancel(owner: Owner, id: string): Promise<boolean> {
    const { accountId, status } = await this.get(owner, id);
    if (!live.includes(status)) return false;
    const terms = await this.cancellations.termsOf(accountId);
    return this.endFromOutside(id, async (tx, mayHaveBeenAsked) => ({
      status: 'CANCELLED',
      chargePercent: mayHaveBeenAsked ? await this.cancellations.chargePercent(tx, accountId, terms) : undefined,
    }));
  }

  /** Of any account, with its attempts. NOT_FOUND. */
  async show(id: string): Promise<ReplyOf<typeof admin.generationShow>> {
    const generation = toGeneration(await this.row(id));
    return { generation, attempts: await this.repository.attemptsOf(id) };
  }

  /** As its owner would, by an operator: free of charge. */
  async cancelAny(id: string): Promise<boolean> {
    const { account_id: accountId } = await this.row(id);
    return this.endFromOutside(id, cancelledFree, (tx, { id: target, status }) =>
      writeAudit(tx, { action: 'generation.cancel', target, accountId, after: { status } }),
    );
  }

  /** Of any account. NOT_FOUND. */
  async row(id: string): Promise<GenerationRow> {
    noteGeneration(id);
    const [row] = await this.repository.find([id]);
    if (!row) throw new DoitongError('NOT_FOUND', `There is no generation ${id}.`, { field: 'id' });
    return row;
  }

  async statuses(ids: string[]): Promise<ReplyOf<typeof generations.statuses>['statuses']> {
    const known = new Map((await this.repository.statuses(ids)).map((one) => [one.id, one]));
    return ids.map((id) => known.get(id) ?? { id, status: null, creditCost: null });
  }

  async settled({ after, first }: RequestOf<typeof generations.settled>): Promise<ReplyOf<typeof generations.settled>> {
    const page = await this.repository.settled(after, first);
    return {
      generations: page.filter(({ settled }) => settled).map(({ settled, ...generation }) => generation),
      next: page.length === first ? page.at(-1)!.id : null,
    };
  }

  /** Fails those whose deadline has passed. A timeout is no verdict on the vendor: a late result is recorded, not charged. */
  async failOverdue(): Promise<void> {
    const message = 'The generation took too long and was given up. You were not charged.';
    const error = new DoitongError('GENERATION_FAILED', message, { stage: 'PROCESSING' }).body;
    const overdue = await this.repository.overdue(OVERDUE_BATCH);
    for (const { id } of overdue) await this.endFromOutside(id, async () => ({ status: 'FAILED', error }));
    if (overdue.length === OVERDUE_BATCH) await this.failOverdue();
  }

  private async findEach(ids: string[]): Promise<(GenerationRow | undefined)[]> {
    const rows = new Map((await this.repository.find(ids)).map((row) => [row.id, row]));
    return ids.map((id) => rows.get(id));
  }

  /**
   * Ends a generation while its attempts may still run. False when it had ended already. One statement on its attempts decides whether a
   * vendor may have been asked: whoever begins one that it has ended is told to drop it.
   */
  private async endFromOutside(id: string, endingOf: EndingOf, note?: Note): Promise<boolean> {
    const { begun, mayHaveBeenAsked, ended } = await this.database.transaction(async (tx) => {
      const begun = await this.attemptsRepository.abandon(tx, id);
      const mayHaveBeenAsked = begun.some((attempt) => attempt.mayHaveBeenAsked);
      const ended = await this.outcomes.end(tx, id, await endingOf(tx, mayHaveBeenAsked));
      if (ended) await note?.(tx, ended);
      return { begun, mayHaveBeenAsked, ended };
    });
    // It moved to another attempt while this waited for the one before.
    if (!ended) return (await this.runs(id)) && this.endFromOutside(id, endingOf, note);
    // What no worker has taken up in time, or has read the files of, is not the model's fault.
    if (ended.status === 'FAILED' && mayHaveBeenAsked) this.health.note(ended, 'failed');
    for (const { attemptId, family } of begun) this.bus.broadcast(attempts.hint(family), { attemptId, what: 'cancel' });
    this.relay.wake();
    this.changes.tell(ended);
    return true;
  }

  private async runs(id: string): Promise<boolean> {
    const [found] = await this.repository.statuses([id]);
    return found !== undefined && live.includes(found.status);
  }
}
