import { randomUUID } from 'node:crypto';
import { type Broadcast, DoitongError, type Request } from '@doitong/contracts';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type Logger } from '../logging/logger.js';
import { withContext } from '../logging/request-context.js';
import { within } from '../runtime/within.js';
import { ACTOR, ERROR_CODE, REQUEST_ID } from './headers.js';
import { parseMessage } from './validation.js';

const encoder = new TextEncoder();
/** A NATS that is gone does not acknowledge the end of subscriptions. */
const UNSUBSCRIBE_MS = 2_000;

/** The serving side: Nest handlers marked `@Handles` and `@Hears`, over NATS, in the wire form of libs/contracts. */
export class NatsStrategy extends Server implements CustomTransportStrategy {
  private readonly subscriptions: Subscription[] = [];
  private readonly inFlight = new Set<Promise<void>>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly log: Logger,
  ) {
    super();
  }

  /** Listens once the server knows of it: who asks from then on is answered. */
  listen(callback: (error?: unknown) => void): void {
    for (const [subject, handler] of this.messageHandlers) {
      const message = handler.extras?.message as Request | Broadcast;
      const queue = message.kind === 'request' ? subject : undefined;
      this.subscriptions.push(
        this.connection.subscribe(subject, {
          queue,
          callback: (error, received) => {
            if (!error) this.track(subject, this.serve(message, handler, received));
          },
        }),
      );
    }
    this.connection.flush().then(() => callback(), callback);
  }

  /** Takes no more messages, answers those that it has taken. */
  async close(): Promise<void> {
    const drained = Promise.allSettled(this.subscriptions.map((subscription) => subscription.drain()));
    await within(UNSUBSCRIBE_MS, drained);
    await Promise.all(this.inFlight);
  }

  on(): void {
    throw new Error('NatsStrategy emits no events');
  }

  unwrap<T>(): T {
    return this.connection as T;
  }

  private track(subject: string, work: Promise<void>): void {
    const settled = work.catch((error) => this.log.error(`${subject} could not be answered`, { error }));
    this.inFlight.add(settled);
    void settled.finally(() => this.inFlight.delete(settled));
  }

  /** Nest's handler of a broadcast calls those of all modules that hear it. */
  private async serve(message: Request | Broadcast, handler: MessageHandler, received: Msg): Promise<void> {
    const requestId = received.headers?.get(REQUEST_ID) || randomUUID();
    const actor = received.headers?.get(ACTOR);
    await withContext({ requestId, ...(actor ? { actor } : {}) }, async () => {
      try {
        const result = await handler(bodyOf(message, received), received);
        const value = isObservable(result) ? await lastValueFrom(result) : result;
        if (message.kind === 'request') received.respond(encoder.encode(JSON.stringify(value ?? {})));
      } catch (error) {
        this.fail(message.subject, received, error);
      }
    });
  }

  private fail(subject: string, received: Msg, error: unknown): void {
    const failure = DoitongError.of(error);
    if (failure.code === 'INTERNAL') this.log.error(`${subject} failed`, { error: failure.cause ?? failure });
    if (!received.reply) return;
    const carried = headers();
    carried.set(ERROR_CODE, failure.code);
    received.respond(encoder.encode(JSON.stringify(failure.body)), { headers: carried });
  }
}

function bodyOf(message: Request | Broadcast, received: Msg): unknown {
  try {
    return parseMessage(message.subject, message.kind === 'request' ? message.request : message.body, received.json());
  } catch (cause) {
    throw new DoitongError('INVALID_INPUT', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
