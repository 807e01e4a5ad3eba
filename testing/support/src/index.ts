export { Customer, type GraphqlAnswer, Operator, type SeenGeneration } from './customer.js';
export { type Platform, passTime, type ServiceName, startPlatform } from './platform.js';
export { type Answer, type Received, type Receiver, startReceiver } from './receiver.js';
export { type Service, startService } from './service.js';
export { type Subscription, subscribe } from './subscription.js';
export { type TemporaryFolder, temporaryFolder } from './temporary-folder.js';
export { createTestDatabase, type TestDatabase } from './test-database.js';
export { startTestNats, type TestNats, testNatsUrl } from './test-nats.js';
export { eventually, waitFor } from './wait-for.js';
