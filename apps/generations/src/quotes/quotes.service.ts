import {
  DoitongError,
  type GenerateInput,
  type generations,
  invalidInput,
  type Quote,
  type RequestOf,
} from '@doitong/contracts';
import { Ids } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { hashOf } from '../admission/body-hash.js';
import type { Candidate } from '../catalogue/catalogue.entity.js';
import { CatalogueService } from '../catalogue/catalogue.service.js';
import { type Choice, choose } from '../choice/choice.js';
import { GenerationsConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { QuotesRepository } from './quotes.repository.js';

type QuoteRequest = RequestOf<typeof generations.quote>;

/** Choices that are kept for a while, so that what is asked for costs what was told. */
@Injectable()
export class QuotesService {
  constructor(
    private readonly catalogue: CatalogueService,
    private readonly repository: QuotesRepository,
    private readonly ids: Ids,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {}

  async quote({ accountId, plan, mode, input }: QuoteRequest): Promise<Quote> {
    if (input.quoteId !== undefined) throw invalidInput('quoteId', 'A quote is not made of another quote.');
    const choice = choose(this.catalogue.candidates(input.type, mode, { accountId, plan }), input);
    const { credits, metered, options, adjustments, routing } = choice;
    const { model, provider } = choice.candidate;
    const chosen = { provider: provider.id, model: model.id, adjustments, routing };
    const id = this.ids.next('quo');
    const expiresAt = await this.repository.add(
      { id, accountId, mode, requestHash: hashOf(sameIn(input)), credits, metered, options, ...chosen },
      this.config.QUOTE_TTL_SECONDS,
    );
    return {
      id,
      ...chosen,
      creditCost: credits,
      estimatedTime: model.expectedSeconds,
      expiresAt: expiresAt.toISOString(),
    };
  }

  /**
   * The choice of a quote, as it was told. INVALID_INPUT naming `quoteId` where it is none of this account and mode, has expired,
   * or was made for another request; PROVIDER_UNAVAILABLE where its model cannot serve now.
   */
  async choiceOf(id: string, { accountId, plan, mode, input }: QuoteRequest): Promise<Choice> {
    const quote = await this.repository.find({ id, accountId, mode });
    if (!quote) throw invalidInput('quoteId', 'There is no such quote, or it has expired. Ask for a new one.');
    if (!quote.requestHash.equals(hashOf(sameIn(input)))) {
      const message = 'The quote was made for another request: only webhookUrl may differ from what was quoted.';
      throw invalidInput('quoteId', message);
    }
    const { credits, metered, options, adjustments, routing } = quote;
    const candidate = this.catalogue
      .candidates(input.type, mode, { accountId, plan })
      .find(({ provider, model }) => provider.id === quote.provider && model.id === quote.model);
    return { candidate: present(candidate, quote.provider), credits, metered, options, adjustments, routing };
  }
}

/** What of a request a quote is made for, in one form for all that mean the same. */
function sameIn({ webhookUrl: _webhookUrl, quoteId: _quoteId, ...input }: GenerateInput): GenerateInput {
  return { ...input, priority: input.priority ?? 'BALANCED', options: input.options ?? {} };
}

const GONE_SECONDS = 60;

function present(candidate: Candidate | undefined, provider: string): Candidate {
  if (candidate && !candidate.absence) return candidate;
  throw new DoitongError('PROVIDER_UNAVAILABLE', `${provider}, which was quoted, is not available at the moment.`, {
    retryAfter: candidate?.absence?.retryAfterSeconds ?? GONE_SECONDS,
  });
}
