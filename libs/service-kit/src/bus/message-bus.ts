import {
  type BodyOf,
  type Broadcast,
  DoitongError,
  ErrorBody,
  type ReplyOf,
  type Request,
  type RequestOf,
} from '@doitong/contracts';
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from '../logging/logger.js';
import { currentContext, type RequestContext } from '../logging/request-context.js';
import { Batches } from '../runtime/batches.js';
import { answerOf } from '../runtime/halves.js';
import { ACTOR, APART, ERROR_CODE, marked, REQUEST_ID, TOGETHER } from './headers.js';
import type { Carried, Outcome } from './together.js';
import { parseMessage } from './validation.js';

const encoder = new TextEncoder();
/** Left of a message's greatest size for its headers, in bytes. */
const HEADER_ROOM = 4_096;
/** Requests that travel together, and the characters of one: together they have room in one message. */
const MOST_TOGETHER = 64;
const LARGEST_TOGETHER = 2_048;

/** A request on its way: its body as JSON, and in whose work it is asked. */
interface Asked {
  body: string;
  context: RequestContext | undefined;
}

/** The cause of the INTERNAL error of a request that nobody answered. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The calling side of every message of libs/contracts. */
export class MessageBus {
  private readonly turns = new Map<string, Batches<Asked, PromiseSettledResult<Outcome>>>();

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
    const { subject, reply, together } = message;
    const asked = { body: JSON.stringify(body), context: currentContext() };
    const shares = together && asked.body.length <= LARGEST_TOGETHER;
    const outcome = await (shares
      ? this.turn(subject, timeoutMs).ask(asked).then(answerOf)
      : this.askAlone(subject, asked, timeoutMs));
    if ('error' in outcome)
      throw DoitongError.from(inForm(subject, () => parseMessage(subject, ErrorBody, outcome.error)));
    return inForm(subject, () => parseMessage(subject, reply, outcome.value)) as ReplyOf<M>;
  }

  /** Tells every replica that listens now. */
  broadcast<B extends Broadcast>(message: B, body: BodyOf<B>): void {
    this.connection.publish(message.subject, this.encode(JSON.stringify(body)), {
      headers: headersOf(currentContext()),
    });
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

  /** What is asked on a subject in one turn of the event loop. */
  private turn(subject: string, timeoutMs: number): Batches<Asked, PromiseSettledResult<Outcome>> {
    const key = `${subject} ${timeoutMs}`;
    let turn = this.turns.get(key);
    if (!turn) {
      const ask = (all: Asked[]) => this.askTogether(subject, all, timeoutMs);
      turn = new Batches(ask, MOST_TOGETHER, Number.POSITIVE_INFINITY, wasNotSent);
      this.turns.set(key, turn);
    }
    return turn;
  }

  private async askTogether(
    subject: string,
    all: Asked[],
    timeoutMs: number,
  ): Promise<PromiseSettledResult<Outcome>[]> {
    const alone = () => Promise.allSettled(all.map((asked) => this.askAlone(subject, asked, timeoutMs)));
    if (all.length === 1) return alone();
    const carried = marked(TOGETHER, String(all.length));
    const bodies = all.map(({ body, context }) => ({ body, requestId: context?.requestId, actor: context?.actor }));
    const reply = await this.send(subject, JSON.stringify(bodies satisfies Carried[]), carried, timeoutMs);
    if (reply.headers?.has(APART)) return alone();
    const outcomes = inForm(subject, () => reply.json<Outcome[]>());
    return outcomes.map((value) => ({ status: 'fulfilled', value }));
  }

  private async askAlone(subject: string, { body, context }: Asked, timeoutMs: number): Promise<Outcome> {
    const reply = await this.send(subject, body, headersOf(context), timeoutMs);
    const answer = inForm(subject, () => reply.json());
    return reply.headers?.has(ERROR_CODE) ? { error: answer as ErrorBody } : { value: answer };
  }

  private async send(subject: string, text: string, carried: MsgHdrs | undefined, timeoutMs: number): Promise<Msg> {
    const payload = this.encode(text);
    try {
      return await this.connection.request(subject, payload, { timeout: timeoutMs, headers: carried });
    } catch (cause) {
      throw new DoitongError('INTERNAL', 'A part of the service is not available. Please try again.', {
        cause: new NoAnswer(`no answer on ${subject}`, { cause }),
      });
    }
  }

  private encode(text: string): Uint8Array {
    const payload = encoder.encode(text);
    const most = (this.connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_ROOM;
    if (payload.length <= most) return payload;
    throw new DoitongError('INVALID_INPUT', `The request is too large: more than ${most} bytes.`);
  }
}

/** Together they were too large, and nobody heard of them. What has no answer, or a broken one, may have been carried out, and is not asked again. */
const wasNotSent = (error: unknown) => error instanceof DoitongError && error.code === 'INVALID_INPUT';

/** What `read` finds in an answer. */
function inForm<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw DoitongError.of(new Error(`the answer on ${subject} breaks its contract`, { cause }));
  }
}

function headersOf(context: RequestContext | undefined): MsgHdrs | undefined {
  if (!context) return undefined;
  const carried = marked(REQUEST_ID, context.requestId);
  if (context.actor) carried.set(ACTOR, context.actor);
  return carried;
}
