import { listening, loadConfig, runService } from '@doitong/service-kit';
import { RateLimitModule } from './app.module.js';
import { RateLimitConfig } from './config.js';

await runService(() => {
  const config = loadConfig(RateLimitConfig);
  return {
    name: 'rate-limit',
    modules: [RateLimitModule.register(config)],
    ...listening(config),
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
  };
});
