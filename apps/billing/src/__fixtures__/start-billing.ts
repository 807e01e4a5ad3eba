import { admin } from '@doitong/contracts';
import { prepareService } from '@doitong/support';
import { BillingConfig, BillingModule, persistence } from '../app.module.js';

const parts = { name: 'billing', config: BillingConfig, module: BillingModule, persistence };

export async function startBilling(settings?: Record<string, string>) {
  const service = await prepareService(parts, settings);
  await service.startReplica();
  return {
    ...service,
    /** A new PRO account; its id. */
    async account(credits: number): Promise<string> {
      return (await service.ask(admin.accountCreate, { name: 'Test', plan: 'PRO', credits })).accountId;
    },
  };
}

export type TestBilling = Awaited<ReturnType<typeof startBilling>>;
