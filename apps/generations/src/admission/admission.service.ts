import { createHash } from 'node:crypto';
import {
  billing,
  DoitongError,
  type Generation,
  type generations,
  type Limits,
  type RequestOf,
  rateLimit,
} from '@doitong/contracts';
import { currentRequestId, Ids, JobQueue, Logger, MessageBus, noteGeneration } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { CatalogueService } from '../catalogue/catalogue.service.js';
import { GenerationsConfig } from '../config.js';
import { type GenerationRow, toGeneration } from '../generations/generation.entity.js';
import { CONFIG } from '../tokens.js';
import { AdmissionRepository } from './admission.repository.js';
import { type Choice, choose } from './choice.js';
import { IdempotencyRepository, type RequestName } from './idempotency.repository.js';

type CreateRequest = RequestOf<typeof generations.create>;

const LOOK_AGAIN_MS = 25;
const PATIENCE_MS = 20_000;

/** Takes a request in whole, or refuses it whole. */
@Injectable()
export class AdmissionService {
  constructor(
    private readonly catalogue: CatalogueService,
    private readonly idempotency: IdempotencyRepository,
    private readonly repository: AdmissionRepository,
    private readonly bus: MessageBus,
    private readonly jobs: JobQueue,
    private readonly ids: Ids,
    private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {}

  async create(request: CreateRequest): Promise<Generation> {
    const { idempotency, accountId } = request;
    const row = idempotency
      ? await this.createOnce(request, { accountId, ...idempotency })
      : await this.createNew(request);
    return toGeneration(row);
  }

  /** The first of all requests of this name makes the generation; the others get it. */
  private async createOnce(request: CreateRequest, name: RequestName): Promise<GenerationRow> {
    const bodyHash = hashOf({ mode: request.mode, input: request.input });
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; ) {
      const first = await this.idempotency.find(name);
      if (first) return sameBody(first, bodyHash);
      const choice = this.choose(request);
      const id = await this.idempotency.claim(name, { bodyHash, generationId: this.ids.next('gen') });
      if (id) return this.createClaimed(request, choice, name, id);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    throw new DoitongError(
      'INTERNAL',
      'The first request with this Idempotency-Key is still under way. Please try again.',
      {
        retryAfter: 1,
      },
    );
  }

  private async createClaimed(
    request: CreateRequest,
    choice: Choice,
    name: RequestName,
    id: string,
  ): Promise<GenerationRow> {
    try {
      return await this.admitAndAccept(request, choice, id, name);
    } catch (error) {
      // A refusal is certain and leaves nothing behind. After anything else the claim stands, so that a repeat goes on with the same id.
      if (error instanceof DoitongError && error.code !== 'INTERNAL') await this.idempotency.release(name, id);
      throw error;
    }
  }

  private createNew(request: CreateRequest): Promise<GenerationRow> {
    return this.admitAndAccept(request, this.choose(request), this.ids.next('gen'));
  }

  private choose({ input, mode }: CreateRequest): Choice {
    return choose(this.catalogue.candidates(input.type, mode), input);
  }

  private async admitAndAccept(
    request: CreateRequest,
    choice: Choice,
    id: string,
    name?: RequestName,
  ): Promise<GenerationRow> {
    noteGeneration(id);
    const slotUntil = await this.takeSlot(id, request.accountId, request.limits);
    const holdUntil = await this.takeHold(id, request.accountId, choice.credits);
    const admittedUntil = new Date(Math.min(slotUntil.getTime(), holdUntil.getTime()));
    const attemptId = this.ids.next('att');
    const { candidate, credits, options, adjustments, reason } = choice;
    const { model, provider, family } = candidate;
    const row = await this.repository.accept(
      {
        id,
        attemptId,
        family,
        credits,
        options,
        adjustments,
        admittedUntil,
        accountId: request.accountId,
        mode: request.mode,
        type: request.input.type,
        provider: provider.id,
        model: model.id,
        input: request.input.input,
        expectedSeconds: model.expectedSeconds,
        deadlineSeconds: model.deadlineSeconds * this.config.DEADLINE_SCALE,
        routing: { reason },
        webhookUrl: request.input.webhookUrl ?? null,
        requestId: currentRequestId(),
      },
      name,
    );
    if (!row) throw new DoitongError('INTERNAL', 'The request took too long to accept. Please try again.');
    // A wake-up call that is lost here is made up for by the sweeper.
    this.jobs
      .publish(family, { attemptId, generationId: id })
      .catch((error) => this.logger.warn('job not published', { error }));
    this.logger.info('generation accepted', { provider: provider.id, model: model.id, credits });
    return row;
  }

  private async takeSlot(generationId: string, accountId: string, { concurrent, perDay }: Limits): Promise<Date> {
    const { expiresAt } = await this.bus.request(rateLimit.admit, { generationId, accountId, concurrent, perDay });
    return new Date(expiresAt);
  }

  private async takeHold(generationId: string, accountId: string, credits: number): Promise<Date> {
    try {
      const { expiresAt } = await this.bus.request(billing.hold, { generationId, accountId, credits });
      return new Date(expiresAt);
    } catch (error) {
      const refused = error instanceof DoitongError && error.code !== 'INTERNAL';
      if (refused) await this.bus.request(rateLimit.free, { items: [{ generationId, refundQuota: true }] });
      throw error;
    }
  }
}

function sameBody(first: GenerationRow & { body_hash: Buffer }, bodyHash: Buffer): GenerationRow {
  if (first.body_hash.equals(bodyHash)) return first;
  throw new DoitongError(
    'IDEMPOTENCY_CONFLICT',
    'This Idempotency-Key was used with another request. Use a new key for a new request.',
    {
      field: 'Idempotency-Key',
    },
  );
}

function hashOf(body: unknown): Buffer {
  return createHash('sha256').update(canonical(body)).digest();
}

/** JSON with sorted keys: the same request is the same text, in whatever order it was written. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
