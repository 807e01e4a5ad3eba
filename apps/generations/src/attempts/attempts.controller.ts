import { attempts, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { HandlesFamily, type OfFamily } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { AttemptsRepository } from './attempts.repository.js';
import { AttemptsService } from './attempts.service.js';

@Controller()
export class AttemptsController {
  constructor(
    private readonly service: AttemptsService,
    private readonly repository: AttemptsRepository,
  ) {}

  @HandlesFamily(attempts.begin)
  begin(request: RequestOf<typeof attempts.begin> & OfFamily): Promise<ReplyOf<typeof attempts.begin>> {
    return this.service.begin(request);
  }

  @HandlesFamily(attempts.ready)
  async ready(report: RequestOf<typeof attempts.ready> & OfFamily) {
    return { live: await this.service.ready(report) };
  }

  @HandlesFamily(attempts.submitted)
  async submitted(report: RequestOf<typeof attempts.submitted> & OfFamily) {
    return { live: await this.service.submitted(report) };
  }

  @HandlesFamily(attempts.progress)
  async progress(report: RequestOf<typeof attempts.progress> & OfFamily) {
    return { live: await this.service.progressed(report) };
  }

  @HandlesFamily(attempts.risking)
  async risking(report: RequestOf<typeof attempts.risking> & OfFamily) {
    return { live: await this.service.risking(report) };
  }

  @HandlesFamily(attempts.release)
  async release({ workerId, ...attempt }: RequestOf<typeof attempts.release> & OfFamily) {
    await this.repository.release(attempt, workerId);
    return {};
  }

  @HandlesFamily(attempts.completed)
  async completed(report: RequestOf<typeof attempts.completed> & OfFamily) {
    return { live: await this.service.completed(report) };
  }

  @HandlesFamily(attempts.late)
  async late({ vendorCostMicroUsd, ...attempt }: RequestOf<typeof attempts.late> & OfFamily) {
    await this.repository.late(attempt, vendorCostMicroUsd);
    return { live: false };
  }

  @HandlesFamily(attempts.failed)
  async failed(report: RequestOf<typeof attempts.failed> & OfFamily) {
    return { live: await this.service.failed(report) };
  }
}
