import { type Principal, scopes } from '@doitong/contracts';
import { ApiKeys } from '@doitong/gateway/auth/api-keys';
import type { MessageBus } from '@doitong/service-kit';

const CALLS = 200_000;
const KEYS = 1_000;

const principal: Principal = {
  accountId: 'acc_bench',
  keyId: 'key_bench',
  plan: 'PRO',
  mode: 'test',
  scopes: [...scopes],
  keyExpiresAt: null,
  limits: { requestsPerMinute: 60, concurrent: 10, perDay: 10_000 },
};

/** CPU milliseconds that it takes to know the caller of one request whose key is in the cache. */
export async function authCost(): Promise<number> {
  const bus = { request: async () => principal } as unknown as MessageBus;
  const apiKeys = new ApiKeys(bus);
  const headers = Array.from({ length: KEYS }, (_, n) => `Bearer dt_test_${String(n).padStart(32, '0')}`);
  for (const header of headers) await apiKeys.principalOf(header);
  const before = process.cpuUsage();
  for (let call = 0; call < CALLS; call++) await apiKeys.principalOf(headers[call % KEYS]);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / CALLS;
}
