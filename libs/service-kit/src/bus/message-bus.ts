import {
  type BodyOf,
  type Broadcast,
  DoitongError,
  ErrorBody,
  type ReplyOf,
  type Request,
  type RequestOf,
} from '@doitong/contracts';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { currentContext } from '../logging/request-context.js';
import { ERROR_CODE, REQUEST_ID } from './headers.js';
import { parseMessage } from './validation.js';

const encoder = new TextEncoder();

/** The calling side of every message of libs/contracts. */
export class MessageBus {
  constructor(readonly connection: NatsConnection) {}

  /**
   * Asks one replica of the service that owns the subject. Throws the DoitongError that it answered with, or INTERNAL
   * (retryable) when nobody answered within `timeoutMs`: the request may then have been carried out or not.
   */
  async request<M extends Request>(message: M, body: RequestOf<M>, timeoutMs = 5_000): Promise<ReplyOf<M>> {
    const reply = await this.ask(message.subject, body, timeoutMs);
    const value = reply.json();
    if (reply.headers?.has(ERROR_CODE)) throw DoitongError.from(parseMessage(message.subject, ErrorBody, value));
    return parseMessage(message.subject, message.reply, value) as ReplyOf<M>;
  }

  /** Tells every replica that listens now. */
  broadcast<B extends Broadcast>(message: B, body: BodyOf<B>): void {
    this.connection.publish(message.subject, encoder.encode(JSON.stringify(body)), { headers: contextHeaders() });
  }

  /** Listens to a broadcast in this process; `unsubscribe` the result. Nest controllers use `@Hears` instead. */
  listen<B extends Broadcast>(message: B, heard: (body: BodyOf<B>) => void): Subscription {
    return this.connection.subscribe(message.subject, {
      callback: (error, received) => {
        if (!error) heard(parseMessage(message.subject, message.body, received.json()) as BodyOf<B>);
      },
    });
  }

  private async ask(subject: string, body: unknown, timeoutMs: number): Promise<Msg> {
    try {
      return await this.connection.request(subject, encoder.encode(JSON.stringify(body)), {
        timeout: timeoutMs,
        headers: contextHeaders(),
      });
    } catch (cause) {
      throw new DoitongError('INTERNAL', 'A part of the service is not available. Please try again.', {
        cause: new Error(`no answer on ${subject}`, { cause }),
      });
    }
  }
}

function contextHeaders() {
  const context = currentContext();
  if (!context) return undefined;
  const carried = headers();
  carried.set(REQUEST_ID, context.requestId);
  return carried;
}
