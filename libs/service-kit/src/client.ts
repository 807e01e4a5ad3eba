/** What a program needs that asks services and is none: without Nest and the database, it starts in a moment. */
export { connectOptions } from './bus/connect-options.js';
export { MessageBus } from './bus/message-bus.js';
export { withContext } from './logging/request-context.js';
