export { type AuditedChange, auditTable, writeAudit } from './audit/audit.js';
export { AuditRepository } from './audit/audit.repository.js';
export { connectOptions } from './bus/connect-options.js';
export { Handles, HandlesFamily, Hears, type OfFamily } from './bus/decorators.js';
export { httpStatusOf } from './bus/error-filter.js';
export { fitting } from './bus/fitting.js';
export { MessageBus } from './bus/message-bus.js';
export { madeStorable } from './bus/storable.js';
export { CommonConfig, DatabaseConfig, listening, port } from './config/common-config.js';
export { ConfigError, loadConfig } from './config/load-config.js';
export { neverInProduction } from './config/never-in-production.js';
export { HealthChecks } from './health/health-checks.js';
export { Metrics } from './health/metrics.js';
export type { JobConsumer, JobOutcome } from './jobs/job-consumer.js';
export { JobQueue } from './jobs/job-queue.js';
export { Logger } from './logging/logger.js';
export { currentActor, currentRequestId, noteGeneration, withContext } from './logging/request-context.js';
export { type OutboxItem, outboxTable, writeOutbox } from './outbox/outbox.js';
export { OutboxRelay } from './outbox/outbox-relay.js';
export { createDataSource, type Persistence } from './persistence/data-source.js';
export { Database, type Queryable } from './persistence/database.js';
export { migrate, runMigrations } from './persistence/migrate.js';
export { PersistenceModule } from './persistence/persistence.module.js';
export { Batches } from './runtime/batches.js';
export { Clock } from './runtime/clock.js';
export { answerOf, byHalves } from './runtime/halves.js';
export { Ids } from './runtime/ids.js';
export { Periodic } from './runtime/periodic.js';
export {
  fatal,
  type RunningService,
  runService,
  type ServiceOptions,
  startService,
  stopOnSignal,
} from './runtime/run-service.js';
