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
import type { Logger } from '../logging/logger.js';
import { currentContext } from '../logging/request-context.js';
import { ACTOR, ERROR_CODE, REQUEST_ID } from './headers.js';
import { parseMessage } from './validation.js';

const encoder = new TextEncoder();
/** Left of a message's greatest size for its headers, in bytes. */
const HEADER_ROOM = 4_096;

/** The cause of the INTERNAL error of a request that nobody answered. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The calling side of every message of libs/contracts. */
export class MessageBus {
  constructor(
    readonly connection: NatsConnection,
    private readonly logger?: Logger,
  ) {}

  /**
   * Asks one replica of the service that owns the subject. Throws the DoitongError that it answered with; INTERNAL
   * (retryable) when nobody answered within `timeoutMs`: the request may then have been carried out or not; INVALID_INPUT
   * when the message is larger than NATS carries.
   */
  async request<M extends Request>(message: M, body: RequestOf<M>, timeoutMs = 5_000): Promise<ReplyOf<M>> {
    const reply = await this.ask(message.subject, this.encode(body), timeoutMs);
    const failed = reply.headers?.has(ERROR_CODE);
    let answer: unknown;
    try {
      answer = parseMessage(message.subject, failed ? ErrorBody : message.reply, reply.json());
    } catch (cause) {
      throw DoitongError.of(new Error(`the answer on ${message.subject} breaks its contract`, { cause }));
    }
    if (failed) throw DoitongError.from(answer as ErrorBody);
    return answer as ReplyOf<M>;
  }

  /** Tells every replica that listens now. */
  broadcast<B extends Broadcast>(message: B, body: BodyOf<B>): void {
    this.connection.publish(message.subject, this.encode(body), { headers: contextHeaders() });
  }

  /** Listens to a broadcast in this process; `unsubscribe` the result. Nest controllers use `@Hears` instead. */
  listen<B extends Broadcast>(message: B, heard: (body: BodyOf<B>) => void): Subscription {
    return this.connection.subscribe(message.subject, {
      callback: (error, received) => {
        // What is thrown here would end the connection.
        try {
          if (!error) heard(parseMessage(message.subject, message.body, received.json()) as BodyOf<B>);
        } catch (failure) {
          this.logger?.error(`${message.subject} failed`, { error: failure });
        }
      },
    });
  }

  private encode(body: unknown): Uint8Array {
    const payload = encoder.encode(JSON.stringify(body));
    const most = (this.connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_ROOM;
    if (payload.length <= most) return payload;
    throw new DoitongError('INVALID_INPUT', `The request is too large: more than ${most} bytes.`);
  }

  private async ask(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Msg> {
    try {
      return await this.connection.request(subject, payload, { timeout: timeoutMs, headers: contextHeaders() });
    } catch (cause) {
      throw new DoitongError('INTERNAL', 'A part of the service is not available. Please try again.', {
        cause: new NoAnswer(`no answer on ${subject}`, { cause }),
      });
    }
  }
}

function contextHeaders() {
  const context = currentContext();
  if (!context) return undefined;
  const carried = headers();
  carried.set(REQUEST_ID, context.requestId);
  if (context.actor) carried.set(ACTOR, context.actor);
  return carried;
}
