import type { BodyOf, Broadcast, ReplyOf, Request, RequestOf } from '@doitong/contracts';
import { EventPattern, MessagePattern } from '@nestjs/microservices';

/** A decorator for methods of this shape only. */
type On<Handler> = <H extends Handler>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<H>,
) => void;

/** Answers a request of libs/contracts. One replica gets it; its body is valid; what is returned or thrown is the reply. */
export const Handles = <M extends Request>(message: M) =>
  MessagePattern(message.subject, { message }) as unknown as On<(body: RequestOf<M>) => Promise<ReplyOf<M>>>;

/** Hears a broadcast of libs/contracts, as every replica does. */
export const Hears = <B extends Broadcast>(message: B) =>
  EventPattern(message.subject, { message }) as unknown as On<(body: BodyOf<B>) => Promise<void>>;
