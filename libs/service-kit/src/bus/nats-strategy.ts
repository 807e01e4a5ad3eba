import { randomUUID } from 'node:crypto';
import { type Broadcast, DoitongError, type ErrorBody, type Request } from '@doitong/contracts';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type Logger } from '../logging/logger.js';
import { type RequestContext, withContext } from '../logging/request-context.js';
import { within } from '../runtime/within.js';
import type { OfFamily } from './decorators.js';
import { ACTOR, APART, ERROR_CODE, marked, REQUEST_ID, TOGETHER } from './headers.js';
import { checkStorable } from './storable.js';
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
    await withContext(contextOf(asked), async () => {
      const outcome = await this.outcome(message, handler, asked.body, received.subject);
      if (message.kind === 'broadcast') return;
      try {
        reply(received, outcome);
      } catch (error) {
        // Such as an answer that is larger than NATS carries.
        reply(received, this.failed(message.subject, error));
      }
    });
  }

  private async serveTogether(message: Request | Broadcast, handler: MessageHandler, received: Msg): Promise<void> {
    const all = received.json<Carried[]>();
    const outcomes = await Promise.all(
      all.map((asked) =>
        withContext(contextOf(asked), () => this.outcome(message, handler, asked.body, received.subject)),
      ),
    );
    try {
      received.respond(encoded(outcomes));
    } catch {
      // Apart, each has its own answer, or its own failure.
      received.respond('', { headers: marked(APART, String(all.length)) });
    }
  }

  /** Nest's handler of a broadcast calls those of all modules that hear it. */
  private async outcome(
    message: Request | Broadcast,
    handler: MessageHandler,
    body: string,
    subject: string,
  ): Promise<Outcome> {
    try {
      const asked = parsed(message, body);
      const result = await handler(handler.extras?.ofFamily ? { ...(asked as object), ...familyOf(subject) } : asked);
      return { value: (isObservable(result) ? await lastValueFrom(result) : result) ?? {} };
    } catch (error) {
      return this.failed(message.subject, error);
    }
  }

  private failed(subject: string, error: unknown): { error: ErrorBody } {
    const failure = DoitongError.of(error);
    if (failure.code === 'INTERNAL') this.log.error(`${subject} failed`, { error: failure.cause ?? failure });
    return { error: failure.body };
  }
}

function contextOf({ requestId, actor }: Carried): RequestContext {
  return { requestId: requestId || randomUUID(), ...(actor ? { actor } : {}) };
}

/** The server has let only this family's workers use it. */
const familyOf = (subject: string): OfFamily => ({ family: subject.slice(subject.lastIndexOf('.') + 1) });

const encoded = (value: unknown) => encoder.encode(JSON.stringify(value));

/** Throws when it is larger than NATS carries. */
function reply(received: Msg, outcome: Outcome): void {
  if ('value' in outcome) received.respond(encoded(outcome.value));
  else received.respond(encoded(outcome.error), { headers: marked(ERROR_CODE, outcome.error.code) });
}

function parsed(message: Request | Broadcast, body: string): unknown {
  try {
    const value = JSON.parse(body);
    checkStorable(body, value);
    return parseMessage(message.subject, message.kind === 'request' ? message.request : message.body, value);
  } catch (cause) {
    if (cause instanceof DoitongError) throw cause;
    throw new DoitongError('INVALID_INPUT', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
