import type { DisabledReason } from '@doitong/contracts';
import { Logger, Metrics } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { Destination } from '../deliveries/destinations.js';
import { EndpointsRepository } from '../endpoints/endpoints.repository.js';

/** Stops delivering where it is of no use, and says so: to the customer on the endpoint, to the operator by log and metrics. */
@Injectable()
export class GivingUp {
  private readonly deadLetters: Counter;
  private readonly disabled: Counter<'because'>;

  constructor(
    private readonly endpoints: EndpointsRepository,
    private readonly logger: Logger,
    { registry }: Metrics,
  ) {
    this.deadLetters = new Counter({
      name: 'webhook_dead_letters_total',
      help: 'Webhook deliveries that were given up.',
      registers: [registry],
    });
    this.disabled = new Counter({
      name: 'webhook_endpoints_disabled_total',
      help: 'Webhook endpoints that were disabled, by reason: GONE or FAILING.',
      labelNames: ['because'],
      registers: [registry],
    });
  }

  /** Deliveries have become dead letters. */
  count(deadLetters: number): void {
    this.deadLetters.inc(deadLetters);
  }

  /** Ends all that waits for a destination; an endpoint is disabled. Does it once, however often it is called. */
  async leave({ accountId, target }: Destination, because: DisabledReason): Promise<void> {
    const { disabled, buried } = await this.endpoints.giveUp({ accountId, target }, because);
    this.count(buried);
    if (disabled) this.disabled.inc({ because });
    if (disabled) this.logger.warn('webhook endpoint disabled', { accountId, endpointId: target, because, buried });
    else if (buried > 0) this.logger.warn('webhooks to a dead host given up', { accountId, target, buried });
  }
}
