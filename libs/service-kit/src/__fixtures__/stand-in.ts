import { DoitongError, type ReplyOf, type Request, type RequestOf } from '@doitong/contracts';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { ERROR_CODE } from '../bus/headers.js';

type Answer<M extends Request> = (body: RequestOf<M>) => ReplyOf<M> | Promise<ReplyOf<M>>;

/** Answers a request in place of the service that owns it. What `answer` throws is sent as an error. */
export function standIn<M extends Request>(connection: NatsConnection, message: M, answer: Answer<M>): Subscription {
  return connection.subscribe(message.subject, { callback: (_error, received) => void respond(received, answer) });
}

async function respond<M extends Request>(received: Msg, answer: Answer<M>): Promise<void> {
  try {
    received.respond(JSON.stringify(await answer(received.json())));
  } catch (error) {
    const { body, code } = DoitongError.of(error);
    const carried = headers();
    carried.set(ERROR_CODE, code);
    received.respond(JSON.stringify(body), { headers: carried });
  }
}
