import { fatal, loadConfig, runService } from '@doitong/service-kit';
import { WorkerModule } from './app.module.js';
import { familyAccess, WorkerConfig } from './config.js';
import { loadFamily } from './families.js';

try {
  const config = loadConfig(WorkerConfig);
  const family = await loadFamily(config.WORKER_FAMILY);
  const access = familyAccess(config.WORKER_FAMILY);
  await runService(() => ({
    name: `worker-${config.WORKER_FAMILY}`,
    modules: [WorkerModule.register(family, access, config)],
    host: config.HOST,
    port: config.PORT,
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
  }));
} catch (error) {
  fatal(error);
}
