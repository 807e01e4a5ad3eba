import { createHash } from 'node:crypto';
import { admin, billing, type Principal, type ReplyOf } from '@doitong/contracts';
import { prepareService } from '@doitong/support/own-service';
import { BillingConfig, BillingModule, persistence } from '../app.module.js';

const parts = { name: 'billing', config: BillingConfig, module: BillingModule, persistence };

export async function startBilling(settings?: Record<string, string>) {
  const service = await prepareService(parts, settings);
  await service.startReplica();
  return {
    ...service,
    create: (plan: Principal['plan'] = 'PRO'): Promise<ReplyOf<typeof admin.accountCreate>> =>
      service.ask(admin.accountCreate, { name: 'Test', plan, credits: 0 }),
    authenticate: (secret: string): Promise<Principal> =>
      service.ask(billing.authenticate, { keyHash: createHash('sha256').update(secret).digest('hex') }),
    /** A new PRO account; its id. */
    async account(credits: number): Promise<string> {
      return (await service.ask(admin.accountCreate, { name: 'Test', plan: 'PRO', credits })).accountId;
    },
  };
}

export type TestBilling = Awaited<ReturnType<typeof startBilling>>;
