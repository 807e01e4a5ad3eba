import { randomUUID } from 'node:crypto';
import { type Broadcast, DoitongError, type Request } from '@doitong/contracts';
import { headers, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type Logger } from '../logging/logger.js';
import { withContext } from '../logging/request-context.js';
import { within } from '../runtime/within.js';
import { ACTOR, APART, ERROR_CODE, REQUEST_ID, TOGETHER } from './headers.js';
import type { Carried, Outcome } from './together.js';
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

  private async serve(message: Request | Broadcast, handler: MessageHandler, received: Msg): Promise<void> {
    const { headers: sent } = received;
    if (sent?.has(TOGETHER)) return this.serveTogether(message, handler, received);
    const asked = { body: received.string(), requestId: sent?.get(REQUEST_ID), actor: sent?.get(ACTOR) };
    const outcome = await this.outcome(message, handler, asked);
    if (message.kind === 'broadcast') return;
    if ('value' in outcome) received.respond(encoder.encode(JSON.stringify(outcome.value)));
    else
      received.respond(encoder.encode(JSON.stringify(outcome.error)), {
        headers: marked(ERROR_CODE, outcome.error.code),
      });
  }

  private async serveTogether(message: Request | Broadcast, handler: MessageHandler, received: Msg): Promise<void> {
    const all = received.json<Carried[]>();
    const outcomes = await Promise.all(all.map((asked) => this.outcome(message, handler, asked)));
    const payload = encoder.encode(JSON.stringify(outcomes));
    if (payload.length <= this.connection.info!.max_payload) received.respond(payload);
    else received.respond('', { headers: marked(APART, String(all.length)) });
  }

  /** Nest's handler of a broadcast calls those of all modules that hear it. */
  private outcome(message: Request | Broadcast, handler: MessageHandler, asked: Carried): Promise<Outcome> {
    const { requestId, actor, body } = asked;
    return withContext({ requestId: requestId || randomUUID(), ...(actor ? { actor } : {}) }, async () => {
      try {
        const result = await handler(parsed(message, body));
        return { value: (isObservable(result) ? await lastValueFrom(result) : result) ?? {} };
      } catch (error) {
        const failure = DoitongError.of(error);
        if (failure.code === 'INTERNAL')
          this.log.error(`${message.subject} failed`, { error: failure.cause ?? failure });
        return { error: failure.body };
      }
    });
  }
}

function marked(name: string, value: string): MsgHdrs {
  const carried = headers();
  carried.set(name, value);
  return carried;
}

function parsed(message: Request | Broadcast, body: string): unknown {
  try {
    return parseMessage(message.subject, message.kind === 'request' ? message.request : message.body, JSON.parse(body));
  } catch (cause) {
    throw new DoitongError('INVALID_INPUT', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
