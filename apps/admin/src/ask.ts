import { randomUUID } from 'node:crypto';
import type { ReplyOf, Request, RequestOf } from '@doitong/contracts';
import { connectOptions, MessageBus, withContext } from '@doitong/service-kit/client';
import { connect } from '@nats-io/transport-node';
import { findPlatform } from './find-platform.js';

export type Ask = <M extends Request>(message: M, body: RequestOf<M>) => Promise<ReplyOf<M>>;

/** Checking a large ledger takes its time. */
const ANSWER_MS = 120_000;
const CONNECT_MS = 5_000;

/** Connects as the admin while `work` asks; `actor` is whom the audit names. */
export async function asking<T>(actor: string, work: (ask: Ask) => Promise<T>): Promise<T> {
  const options = connectOptions(await findPlatform(process.env));
  const connection = await connect({ ...options, name: 'admin', reconnect: false, timeout: CONNECT_MS }).catch(
    (cause) => {
      throw new Error(`NATS at ${options.servers} does not let us in: ${cause.message}`, { cause });
    },
  );
  const bus = new MessageBus(connection);
  try {
    return await withContext({ requestId: randomUUID(), actor }, () =>
      work((message, body) => bus.request(message, body, ANSWER_MS)),
    );
  } finally {
    await connection.close();
  }
}
