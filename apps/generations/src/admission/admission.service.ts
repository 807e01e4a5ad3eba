import { DoitongError, type Generation, type generations, type Mode, type RequestOf } from '@doitong/contracts';
import { currentRequestId, Ids, JobQueue, Logger, noteGeneration } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { CatalogueService } from '../catalogue/catalogue.service.js';
import { type Choice, choose } from '../choice/choice.js';
import { GenerationsConfig } from '../config.js';
import { type GenerationRow, toGeneration } from '../generations/generation.entity.js';
import type { Note } from '../generations/generations.service.js';
import { QuotesService } from '../quotes/quotes.service.js';
import { CONFIG } from '../tokens.js';
import { AdmissionRepository } from './admission.repository.js';
import { hashOf } from './body-hash.js';
import { IdempotencyRepository, type RequestName } from './idempotency.repository.js';
import { isRefusal, isSpent, Reservations } from './reservations.js';

type CreateRequest = RequestOf<typeof generations.create> & { note?: Note };

const FIRST_LOOK_AGAIN_MS = 20;
const LONGEST_LOOK_AGAIN_MS = 500;
const PATIENCE_MS = 20_000;

/** Takes a request in whole, or refuses it whole. */
@Injectable()
export class AdmissionService {
  constructor(
    private readonly catalogue: CatalogueService,
    private readonly quotes: QuotesService,
    private readonly idempotency: IdempotencyRepository,
    private readonly reservations: Reservations,
    private readonly repository: AdmissionRepository,
    private readonly jobs: JobQueue,
    private readonly ids: Ids,
    private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {}

  /** `note` is carried out in the transaction that accepts it. */
  async create(asked: RequestOf<typeof generations.create>, note?: Note): Promise<Generation> {
    const request = { ...asked, note };
    const { idempotency, accountId, mode } = request;
    const row = idempotency
      ? await this.createOnce(request, nameOf(accountId, mode, idempotency))
      : await this.createNew(request);
    return toGeneration(row);
  }

  /** The first of all requests of this name makes the generation; the others get it. */
  private async createOnce(request: CreateRequest, name: RequestName): Promise<GenerationRow> {
    const bodyHash = hashOf({ mode: request.mode, input: request.input });
    const until = Date.now() + PATIENCE_MS;
    for (
      let pauseMs = FIRST_LOOK_AGAIN_MS;
      Date.now() < until;
      pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_AGAIN_MS)
    ) {
      const first = await this.acceptedOf(name, bodyHash);
      if (first) return first;
      const choice = await this.choose(request);
      const id = await this.idempotency.claim(name, { bodyHash, generationId: this.ids.next('gen') });
      if (id) {
        const row = await this.createClaimed(request, choice, name, id);
        return row ?? (await this.acceptedOf(name, bodyHash)) ?? tooSlow();
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    const message = 'The first request with this Idempotency-Key is still under way. Please try again.';
    throw new DoitongError('INTERNAL', message, { retryAfter: 1 });
  }

  private async acceptedOf(name: RequestName, bodyHash: Buffer): Promise<GenerationRow | undefined> {
    const first = await this.idempotency.find(name);
    if (!first || first.body_hash.equals(bodyHash)) return first;
    const message = 'This Idempotency-Key was used with another request. Use a new key for a new request.';
    throw new DoitongError('IDEMPOTENCY_CONFLICT', message, { field: 'Idempotency-Key' });
  }

  /** Undefined when it was not accepted, or only by somebody else who took the claim for abandoned. */
  private async createClaimed(
    request: CreateRequest,
    choice: Choice,
    name: RequestName,
    id: string,
  ): Promise<GenerationRow | undefined> {
    try {
      const row = await this.accept(request, choice, id, await this.reserve(request, choice, id), name);
      if (!row) await this.idempotency.leave(name, id);
      return row;
    } catch (error) {
      // A refusal is certain and leaves nothing behind. After anything else a repeat goes on with the same id.
      if (isRefusal(error)) await this.idempotency.release(name, id);
      else await this.idempotency.leave(name, id);
      if (isSpent(error)) return undefined;
      throw error;
    }
  }

  private async createNew(request: CreateRequest): Promise<GenerationRow> {
    const choice = await this.choose(request);
    const id = this.ids.next('gen');
    const admittedUntil = await this.reserve(request, choice, id).catch(async (error) => {
      if (!isRefusal(error)) await this.reservations.giveBackAll(id);
      throw error;
    });
    const row = await this.accept(request, choice, id, admittedUntil);
    if (row) return row;
    await this.reservations.giveBackAll(id);
    return tooSlow();
  }

  private async choose({ accountId, plan, input, mode }: CreateRequest): Promise<Choice> {
    const account = { accountId, plan };
    if (input.quoteId !== undefined) return this.quotes.choiceOf(input.quoteId, { ...account, mode, input });
    return choose(this.catalogue.candidates(input.type, mode, account), input);
  }

  private reserve({ accountId, limits }: CreateRequest, { credits }: Choice, generationId: string): Promise<Date> {
    noteGeneration(generationId);
    return this.reservations.take({ generationId, accountId, limits, credits });
  }

  private async accept(
    { accountId, plan, mode, input: asked, note }: CreateRequest,
    { candidate, credits, metered, options, adjustments, routing }: Choice,
    id: string,
    admittedUntil: Date,
    name?: RequestName,
  ): Promise<GenerationRow | undefined> {
    const { model, provider, family } = candidate;
    const attemptId = this.ids.next('att');
    const row = await this.repository.accept(
      {
        id,
        attemptId,
        accountId,
        plan,
        mode,
        family,
        credits,
        metered,
        mostCredits: asked.quoteId === undefined ? null : credits,
        options,
        adjustments,
        admittedUntil,
        type: asked.type,
        provider: provider.id,
        model: model.id,
        input: asked.input,
        expectedSeconds: model.expectedSeconds,
        deadlineSeconds: model.deadlineSeconds * this.config.DEADLINE_SCALE,
        routing,
        asked: { provider: asked.provider, model: asked.model, priority: asked.priority, options: asked.options },
        webhookUrl: asked.webhookUrl ?? null,
        requestId: currentRequestId(),
      },
      name,
      note,
    );
    if (!row) return undefined;
    // A wake-up call that is lost here is made up for by the sweeper.
    this.jobs
      .publish(family, { attemptId, generationId: id })
      .catch((error) => this.logger.warn('job not published', { error }));
    this.logger.info('generation accepted', { provider: provider.id, model: model.id, credits });
    return row;
  }
}

function tooSlow(): never {
  throw new DoitongError('INTERNAL', 'The request took too long to accept. Please try again.');
}

/** The same key of a live and of a test key names two requests. No name of a field of GraphQL has a slash. */
function nameOf(accountId: string, mode: Mode, { key, scope }: { key: string; scope: string }): RequestName {
  return { accountId, key, scope: mode === 'live' ? scope : `${mode}/${scope}` };
}
