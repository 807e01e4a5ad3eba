import { admin, billing, DoitongError, type PlanDetails, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { CancelTermsRepository } from './cancel-terms.repository.js';
import { PlansService } from './plans.service.js';

@Controller()
export class PlansController {
  constructor(
    private readonly plans: PlansService,
    private readonly cancelTerms: CancelTermsRepository,
  ) {}

  @Handles(admin.accountSetPlan)
  setPlan(request: RequestOf<typeof admin.accountSetPlan>): Promise<ReplyOf<typeof admin.accountSetPlan>> {
    return this.plans.setPlan(request);
  }

  @Handles(admin.accountSetLimits)
  setLimits(request: RequestOf<typeof admin.accountSetLimits>): Promise<ReplyOf<typeof admin.accountSetLimits>> {
    return this.plans.setLimits(request);
  }

  @Handles(admin.planList)
  async list(): Promise<ReplyOf<typeof admin.planList>> {
    return { plans: await this.cancelTerms.plans() };
  }

  @Handles(admin.planSetCancelTerms)
  setCancelTerms({ plan, ...terms }: RequestOf<typeof admin.planSetCancelTerms>): Promise<PlanDetails> {
    return this.cancelTerms.set(plan, terms);
  }

  @Handles(billing.cancelTerms)
  async termsOf({ accountId }: RequestOf<typeof billing.cancelTerms>): Promise<ReplyOf<typeof billing.cancelTerms>> {
    const terms = await this.cancelTerms.of(accountId);
    if (!terms) throw new DoitongError('NOT_FOUND', 'There is no such account.');
    return terms;
  }
}
