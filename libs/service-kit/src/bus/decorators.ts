import type { BodyOf, Broadcast, ReplyOf, Request, RequestOf } from '@doitong/contracts';
import { EventPattern, MessagePattern } from '@nestjs/microservices';

type Method<Handler> = (target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<Handler>) => void;

/** Answers a request of libs/contracts. One replica gets it; its body is valid; what is returned or thrown is the reply. */
export const Handles = <M extends Request>(message: M) =>
  MessagePattern(message.subject, { message }) as Method<(body: RequestOf<M>) => Promise<ReplyOf<M>>>;

/** Hears a broadcast of libs/contracts, as every replica does. */
export const Hears = <B extends Broadcast>(message: B) =>
  EventPattern(message.subject, { message }) as unknown as Method<(body: BodyOf<B>) => Promise<void>>;
