import { listening, loadConfig, runService } from '@doitong/service-kit';
import { GatewayModule } from './app.module.js';
import { GatewayConfig } from './config.js';

await runService(() => {
  const config = loadConfig(GatewayConfig);
  return {
    name: 'gateway',
    modules: [GatewayModule.register(config)],
    ...listening(config),
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
  };
});
