import { listening, loadConfig, runService } from '@doitong/service-kit';
import { WebhookDispatcherModule } from './app.module.js';
import { WebhookDispatcherConfig } from './config.js';

await runService(() => {
  const config = loadConfig(WebhookDispatcherConfig);
  return {
    name: 'webhook-dispatcher',
    modules: [WebhookDispatcherModule.register(config)],
    ...listening(config),
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
  };
});
