export { whenParentDies } from './guard.js';
export { startNats } from './nats.js';
export { findNatsServer } from './nats-server-binary.js';
export { assertPortFree, freePort } from './ports.js';
export { startPostgres } from './postgres.js';
export { type LocalServer, ServerProcess } from './server-process.js';
