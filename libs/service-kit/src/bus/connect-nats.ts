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
    writeOnceATurn(connection);
    void tell(connection, logger);
    return connection;
  } finally {
    clearTimeout(silence);
  }
}

/**
 * Messages that are published in one turn of the event loop go to the socket in one write. The client writes after each callback, and
 * under load these writes were half of the CPU of a service. Its own `flushPending` is the only place to say so.
 */
function writeOnceATurn(connection: NatsConnection): void {
  const { protocol } = connection as unknown as { protocol: { flushPending(): void } };
  const write = protocol.flushPending.bind(protocol);
  let scheduled = false;
  protocol.flushPending = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      write();
    });
  };
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
