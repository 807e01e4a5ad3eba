import { listening, loadConfig, runService } from '@doitong/service-kit';
import { GenerationsModule } from './app.module.js';
import { GenerationsConfig } from './config.js';

await runService(() => {
  const config = loadConfig(GenerationsConfig);
  return {
    name: 'generations',
    modules: [GenerationsModule.register(config)],
    ...listening(config),
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
  };
});
