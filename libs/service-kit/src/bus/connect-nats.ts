import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../logging/logger.js';
import { connectOptions } from './connect-options.js';

const RECONNECT_MS = 250;

/** Connects, and again whenever NATS was gone, however long that lasts and for whatever reason; the log tells of it. */
export async function connectNats(natsUrl: string, name: string, logger: Logger): Promise<NatsConnection> {
  const connection = await connect({
    ...connectOptions(natsUrl),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    // Else the second refusal in the life of a process ends its connection for good; a server that is slow to let us in refuses as well.
    ignoreAuthErrorAbort: true,
    // A stack trace for every request, which only failed ones would show, costs a tenth of the CPU.
    noAsyncTraces: true,
  });
  writeOnceATurn(connection);
  void tell(connection, logger);
  return connection;
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
