import { type OwnService, prepareService } from '@doitong/support/own-service';
import { persistence, RateLimitConfig, RateLimitModule } from '../app.module.js';

const parts = { name: 'rate-limit', config: RateLimitConfig, module: RateLimitModule, persistence };

export type TestRateLimit = OwnService;

export async function startRateLimit(settings?: Record<string, string>): Promise<TestRateLimit> {
  const service = await prepareService(parts, settings);
  await service.startReplica();
  return service;
}
