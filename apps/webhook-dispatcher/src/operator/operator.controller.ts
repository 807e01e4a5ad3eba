import { admin, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { AuditRepository, Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { RedeliveryService } from '../deliveries/redelivery.service.js';
import { EndpointsService } from '../endpoints/endpoints.service.js';

/** What operators do with endpoints and deliveries of any account: as their holder would, and audited. */
@Controller()
export class OperatorController {
  constructor(
    private readonly endpoints: EndpointsService,
    private readonly deliveries: RedeliveryService,
    private readonly audit: AuditRepository,
  ) {}

  @Handles(admin.webhook.create)
  create(request: RequestOf<typeof admin.webhook.create>) {
    return this.endpoints.create(request, 'operator');
  }

  @Handles(admin.webhook.list)
  async list({ accountId }: RequestOf<typeof admin.webhook.list>) {
    return { endpoints: await this.endpoints.list({ accountId }) };
  }

  @Handles(admin.webhook.update)
  async update(request: RequestOf<typeof admin.webhook.update>) {
    return this.endpoints.update({ ...request, ...(await this.endpoints.ownerOf(request.id)) }, 'operator');
  }

  @Handles(admin.webhook.delete)
  async remove({ id }: RequestOf<typeof admin.webhook.delete>) {
    return this.endpoints.remove(await this.endpoints.ownerOf(id), id, 'operator');
  }

  @Handles(admin.webhook.rotateSecret)
  async rotateSecret(request: RequestOf<typeof admin.webhook.rotateSecret>) {
    return this.endpoints.rotateSecret({ ...request, ...(await this.endpoints.ownerOf(request.id)) }, 'operator');
  }

  @Handles(admin.webhook.rotateDefaultSecret)
  async rotateDefaultSecret(request: RequestOf<typeof admin.webhook.rotateDefaultSecret>) {
    return { secret: await this.endpoints.rotateDefaultSecret(request, 'operator') };
  }

  @Handles(admin.webhook.test)
  async testEvent({ id }: RequestOf<typeof admin.webhook.test>) {
    return this.deliveries.testEvent(await this.endpoints.ownerOf(id), id, 'operator');
  }

  @Handles(admin.webhook.deliveries)
  listDeliveries(request: RequestOf<typeof admin.webhook.deliveries>) {
    return this.deliveries.list(request);
  }

  @Handles(admin.webhook.delivery)
  async delivery({ id }: RequestOf<typeof admin.webhook.delivery>) {
    return this.deliveries.get(await this.deliveries.ownerOf(id), id);
  }

  @Handles(admin.webhook.redeliver)
  async redeliver({ id }: RequestOf<typeof admin.webhook.redeliver>) {
    return this.deliveries.redeliver(await this.deliveries.ownerOf(id), id, 'operator');
  }

  @Handles(admin.webhook.redeliverSince)
  async redeliverSince(request: RequestOf<typeof admin.webhook.redeliverSince>) {
    return { count: await this.deliveries.redeliverSince(request, 'operator') };
  }

  @Handles(admin.webhooksAudit)
  async listAudit(filter: RequestOf<typeof admin.webhooksAudit>): Promise<ReplyOf<typeof admin.webhooksAudit>> {
    return { entries: await this.audit.list(filter) };
  }
}
