import { type RequestOf, webhooks } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { EndpointsService } from './endpoints.service.js';

@Controller()
export class EndpointsController {
  constructor(private readonly endpoints: EndpointsService) {}

  @Handles(webhooks.endpointCreate)
  create(request: RequestOf<typeof webhooks.endpointCreate>) {
    return this.endpoints.create(request);
  }

  @Handles(webhooks.endpointUpdate)
  update(request: RequestOf<typeof webhooks.endpointUpdate>) {
    return this.endpoints.update(request);
  }

  @Handles(webhooks.endpointDelete)
  async remove({ id, ...owner }: RequestOf<typeof webhooks.endpointDelete>) {
    await this.endpoints.remove(owner, id);
    return {};
  }

  @Handles(webhooks.endpointRotateSecret)
  rotateSecret(request: RequestOf<typeof webhooks.endpointRotateSecret>) {
    return this.endpoints.rotateSecret(request);
  }

  @Handles(webhooks.defaultSecretRotate)
  async rotateDefaultSecret(request: RequestOf<typeof webhooks.defaultSecretRotate>) {
    return { secret: await this.endpoints.rotateDefaultSecret(request) };
  }

  @Handles(webhooks.endpoints)
  async list(owner: RequestOf<typeof webhooks.endpoints>) {
    return { endpoints: await this.endpoints.list(owner) };
  }
}
