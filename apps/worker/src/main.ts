import { families } from '@doitong/providers';
import { fatal, listening, loadConfig, runService } from '@doitong/service-kit';
import { WorkerModule } from './app.module.js';
import { familyAccess, WorkerConfig } from './config.js';

try {
  const config = loadConfig(WorkerConfig);
  const access = familyAccess(config.WORKER_FAMILY);
  await runService(() => ({
    name: `worker-${config.WORKER_FAMILY}`,
    modules: [WorkerModule.register(families[config.WORKER_FAMILY], access, config)],
    ...listening(config),
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
  }));
} catch (error) {
  fatal(error);
}
