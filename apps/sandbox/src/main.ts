import { listening, loadConfig, runService } from '@doitong/service-kit';
import { SandboxModule } from './app.module.js';
import { SandboxConfig } from './config.js';

await runService(() => {
  const config = loadConfig(SandboxConfig);
  return {
    name: 'sandbox',
    modules: [SandboxModule.register(config)],
    ...listening(config),
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
  };
});
