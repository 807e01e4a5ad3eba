import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../logging/logger.js';
import { connectOptions } from './connect-options.js';

const SILENCE_MS = 2_000;
const RECONNECT_MS = 250;

/** Connects, however long NATS takes to appear, and again whenever it was gone; the log tells of both. */
export async function connectNats(natsUrl: string, name: string, logger: Logger): Promise<NatsConnection> {
  const silence = setTimeout(() => logger.warn('NATS does not answer, waiting for it'), SILENCE_MS);
  try {
    const connection = await connect({
      ...connectOptions(natsUrl),
      name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      waitOnFirstConnect: true,
      // A stack trace for every request, which only failed ones would show, costs a tenth of the CPU.
      noAsyncTraces: true,
    });
    void tell(connection, logger);
    return connection;
  } finally {
    clearTimeout(silence);
  }
}

async function tell(connection: NatsConnection, logger: Logger): Promise<void> {
  for await (const status of connection.status()) {
    const { type } = status;
    if (type === 'disconnect') logger.warn('NATS is gone, waiting for it');
    if (type === 'reconnect') logger.info('NATS is back');
    // Such as a subject that our identity may not use.
    if (type === 'error') logger.error('NATS refuses', { error: status.error });
  }
}
