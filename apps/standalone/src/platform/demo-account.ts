import { createHash } from 'node:crypto';
import { admin, billing, DoitongError } from '@doitong/contracts';
import type { MessageBus } from '@doitong/service-kit';
import type { Secrets } from './secrets.js';

type DemoAccount = NonNullable<Secrets['account']>;

/** The account that comes with the platform: the one of the last run while the database still knows it, else a new one. */
export async function demoAccount(bus: MessageBus, known: DemoAccount | undefined): Promise<DemoAccount> {
  if (known && (await isGood(bus, known.testKey))) return known;
  return bus.request(admin.accountCreate, { name: 'Demo', plan: 'PRO', credits: 100_000 });
}

async function isGood(bus: MessageBus, key: string): Promise<boolean> {
  try {
    await bus.request(billing.authenticate, { keyHash: createHash('sha256').update(key).digest('hex') });
    return true;
  } catch (error) {
    if (error instanceof DoitongError && error.code === 'UNAUTHENTICATED') return false;
    throw error;
  }
}
