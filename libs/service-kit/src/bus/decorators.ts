import {
  type BodyOf,
  type Broadcast,
  type FamilyRequest,
  type ReplyOf,
  type Request,
  type RequestOf,
  saidBy,
} from '@doitong/contracts';
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

/** Answers a family's request. The family of whoever makes it is beside what is in its body. */
export const HandlesFamily = <M extends FamilyRequest>(asked: M) => {
  const message = saidBy('*', asked);
  return MessagePattern(message.subject, { message, ofFamily: true }) as unknown as On<
    (body: RequestOf<M> & OfFamily) => Promise<ReplyOf<M>>
  >;
};

/** Whose word a request is, as NATS knows it. */
export interface OfFamily {
  family: string;
}

/** Hears a broadcast of libs/contracts, as every replica does. */
export const Hears = <B extends Broadcast>(message: B) =>
  EventPattern(message.subject, { message }) as unknown as On<(body: BodyOf<B>) => Promise<void>>;
