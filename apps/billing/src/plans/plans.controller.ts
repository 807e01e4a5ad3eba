import { admin, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { PlansService } from './plans.service.js';

@Controller()
export class PlansController {
  constructor(private readonly plans: PlansService) {}

  @Handles(admin.accountSetPlan)
  setPlan(request: RequestOf<typeof admin.accountSetPlan>): Promise<ReplyOf<typeof admin.accountSetPlan>> {
    return this.plans.setPlan(request);
  }

  @Handles(admin.accountSetLimits)
  setLimits(request: RequestOf<typeof admin.accountSetLimits>): Promise<ReplyOf<typeof admin.accountSetLimits>> {
    return this.plans.setLimits(request);
  }
}
