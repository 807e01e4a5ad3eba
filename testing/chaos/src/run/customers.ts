import type { Customer } from '@doitong/support';
import pg from 'pg';
import type { Fleet } from './fleet.js';

const RICH = 100_000_000;

export interface ChaosCustomer {
  customer: Customer;
  /** What it had at the beginning. */
  credits: number;
  /** How many it may have under way. */
  concurrent: number;
  /** Signs its webhooks. */
  secret: string;
}

/** One for each of these limits. */
export async function customersOf(fleet: Fleet, concurrents: number[]): Promise<ChaosCustomer[]> {
  const database = new pg.Client({ connectionString: fleet.platform.databaseUrl });
  await database.connect();
  const customers: ChaosCustomer[] = [];
  for (const concurrent of concurrents) {
    const customer = await fleet.operator.createCustomer(fleet.platform.gatewayUrl, { credits: RICH });
    await database.query('UPDATE billing.accounts SET requests_per_minute = 1000000, concurrent = $2 WHERE id = $1', [
      customer.accountId,
      concurrent,
    ]);
    const { data } = await customer.ask<{ webhookDefaultSecretRotate: { secret: string } }>(
      'mutation { webhookDefaultSecretRotate { secret } }',
    );
    customers.push({ customer, credits: RICH, concurrent, secret: data!.webhookDefaultSecretRotate.secret });
  }
  await database.end();
  return customers;
}
