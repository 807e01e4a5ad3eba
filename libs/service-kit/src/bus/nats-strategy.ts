import { randomUUID } from 'node:crypto';
import { type Broadcast, DoitongError, type Request } from '@doitong/contracts';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type Logger } from '../logging/logger.js';
import { withContext } from '../logging/request-context.js';
import { ERROR_CODE, REQUEST_ID } from './headers.js';
import { MessageInvalid, parseMessage } from './validation.js';

const encoder = new TextEncoder();

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

  listen(callback: () => void): void {
    for (const [subject, handler] of this.messageHandlers) {
      const message = handler.extras?.message as Request | Broadcast;
      const queue = message.kind === 'request' ? subject : undefined;
      this.subscriptions.push(
        this.connection.subscribe(subject, {
          queue,
          callback: (error, received) => {
            if (!error) this.track(this.serve(message, handler, received));
          },
        }),
      );
    }
    callback();
  }

  /** Takes no more messages, answers those that it has taken. */
  async close(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.drain()));
    await Promise.all(this.inFlight);
  }

  on(): void {
    throw new Error('NatsStrategy emits no events');
  }

  unwrap<T>(): T {
    return this.connection as T;
  }

  private track(work: Promise<void>): void {
    this.inFlight.add(work);
    void work.finally(() => this.inFlight.delete(work));
  }

  private async serve(message: Request | Broadcast, first: MessageHandler, received: Msg): Promise<void> {
    await withContext({ requestId: received.headers?.get(REQUEST_ID) || randomUUID() }, async () => {
      for (let handler: MessageHandler | undefined = first; handler; handler = handler.next) {
        try {
          const body = parseMessage(
            message.subject,
            message.kind === 'request' ? message.request : message.body,
            received.json(),
          );
          const result = await handler(body, received);
          const value = isObservable(result) ? await lastValueFrom(result) : result;
          if (message.kind === 'request') received.respond(encoder.encode(JSON.stringify(value ?? {})));
        } catch (error) {
          this.fail(message.subject, received, error);
        }
      }
    });
  }

  private fail(subject: string, received: Msg, error: unknown): void {
    const failure =
      error instanceof MessageInvalid || error instanceof SyntaxError
        ? new DoitongError('INVALID_INPUT', error.message, { cause: error })
        : DoitongError.of(error);
    if (failure.code === 'INTERNAL') this.log.error(`${subject} failed`, { error: failure.cause ?? failure });
    if (!received.reply) return;
    const carried = headers();
    carried.set(ERROR_CODE, failure.code);
    received.respond(encoder.encode(JSON.stringify(failure.body)), { headers: carried });
  }
}
