import { billing, type GenerateInput, type Generation, invalidInput } from '@doitong/contracts';
import { MessageBus, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { GenerationRow } from '../generations/generation.entity.js';
import { GenerationsService } from '../generations/generations.service.js';
import { AdmissionService } from './admission.service.js';

/** No name of a field of GraphQL has a dot: a customer's own key is another request. */
const SCOPE = 'admin.generation.retry';

/**
 * Makes a new generation of what an ended one was asked for. The old one stays as it ended, so that its hold is resolved once, its
 * terminal event told once and its vendor asked once; the new one has its own of each.
 */
@Injectable()
export class RetryService {
  constructor(
    private readonly generations: GenerationsService,
    private readonly admission: AdmissionService,
    private readonly bus: MessageBus,
  ) {}

  /** A repeat answers with the generation that the first one made. NOT_FOUND, INVALID_INPUT, FORBIDDEN, or as `create`. */
  async retry(id: string): Promise<Generation> {
    const old = await this.generations.row(id);
    const { account_id: accountId, mode, status } = old;
    if (status !== 'FAILED' && status !== 'CANCELLED') {
      throw invalidInput('id', `${id} is ${status}; what has FAILED or was CANCELLED can be retried.`);
    }
    const { plan, limits } = await this.bus.request(billing.limits, { accountId });
    const idempotency = { key: id, scope: SCOPE };
    return this.admission.create({ accountId, plan, mode, limits, input: inputOf(old), idempotency }, (tx, made) =>
      writeAudit(tx, { action: 'generation.retry', target: id, accountId, after: { retriedAs: made.id } }),
    );
  }
}

function inputOf({ type, input, asked, webhook_url }: GenerationRow): GenerateInput {
  return { type, input, ...asked, ...(webhook_url === null ? {} : { webhookUrl: webhook_url }) };
}
