import { attempts, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { AttemptsRepository } from './attempts.repository.js';
import { AttemptsService } from './attempts.service.js';

@Controller()
export class AttemptsController {
  constructor(
    private readonly service: AttemptsService,
    private readonly repository: AttemptsRepository,
  ) {}

  @Handles(attempts.begin)
  begin(request: RequestOf<typeof attempts.begin>): Promise<ReplyOf<typeof attempts.begin>> {
    return this.service.begin(request);
  }

  @Handles(attempts.submitted)
  async submitted(report: RequestOf<typeof attempts.submitted>) {
    return { live: await this.service.submitted(report) };
  }

  @Handles(attempts.progress)
  async progress(report: RequestOf<typeof attempts.progress>) {
    return { live: await this.service.progressed(report) };
  }

  @Handles(attempts.risking)
  async risking(report: RequestOf<typeof attempts.risking>) {
    return { live: await this.service.risking(report) };
  }

  @Handles(attempts.release)
  async release({ attemptId, workerId }: RequestOf<typeof attempts.release>) {
    await this.repository.release(attemptId, workerId);
    return {};
  }

  @Handles(attempts.completed)
  async completed(report: RequestOf<typeof attempts.completed>) {
    return { live: await this.service.completed(report) };
  }

  @Handles(attempts.late)
  async late({ attemptId, vendorCostMicroUsd }: RequestOf<typeof attempts.late>) {
    await this.repository.late(attemptId, vendorCostMicroUsd);
    return { live: false };
  }

  @Handles(attempts.failed)
  async failed(report: RequestOf<typeof attempts.failed>) {
    return { live: await this.service.failed(report) };
  }
}
