export { whenParentDies } from './guard.js';
export { type NatsAccess, newAccess } from './identities/access.js';
export { adminIdentity, serviceIdentities, wholePlatform } from './identities/identities.js';
export { keepRunning } from './keep-running.js';
export { startNats } from './nats.js';
export { findNatsServer } from './nats-server-binary.js';
export { assertPortFree, freePort } from './ports.js';
export { startPostgres } from './postgres.js';
export { type LocalServer, ServerProcess } from './server-process.js';
