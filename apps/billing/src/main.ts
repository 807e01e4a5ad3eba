import { listening, loadConfig, runService } from '@doitong/service-kit';
import { BillingModule } from './app.module.js';
import { BillingConfig } from './config.js';

await runService(() => {
  const config = loadConfig(BillingConfig);
  return {
    name: 'billing',
    modules: [BillingModule.register(config)],
    ...listening(config),
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
  };
});
