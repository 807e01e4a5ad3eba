import type { Static, TSchema } from 'typebox';

/** A request and its reply over NATS: JSON of these shapes on this subject, validated at both edges. */
export interface Request<Req extends TSchema = TSchema, Rep extends TSchema = TSchema> {
  readonly kind: 'request';
  readonly subject: string;
  readonly request: Req;
  readonly reply: Rep;
  /** Those that a process asks at about the same time travel as one. For small questions, quick to answer, that many ask. */
  readonly together?: true;
}

/**
 * A request that only the workers of one family make. Each family has a subject of its own for it, which NATS lets nobody else use: so
 * whose word it is can be known.
 */
export interface FamilyRequest<Req extends TSchema = TSchema, Rep extends TSchema = TSchema>
  extends Omit<Request<Req, Rep>, 'kind' | 'together'> {
  readonly kind: 'family-request';
}

/** A broadcast over NATS: every replica that listens hears it, at most once. What it says must also be found in PostgreSQL. */
export interface Broadcast<Body extends TSchema = TSchema> {
  readonly kind: 'broadcast';
  readonly subject: string;
  readonly body: Body;
}

export type RequestOf<M extends Request | FamilyRequest> = Static<M['request']>;
export type ReplyOf<M extends Request | FamilyRequest> = Static<M['reply']>;
export type BodyOf<M extends Broadcast> = Static<M['body']>;

export function request<Req extends TSchema, Rep extends TSchema>(
  subject: string,
  requestSchema: Req,
  replySchema: Rep,
  options: Pick<Request, 'together'> = {},
): Request<Req, Rep> {
  return { kind: 'request', subject, request: requestSchema, reply: replySchema, ...options };
}

export function familyRequest<Req extends TSchema, Rep extends TSchema>(
  subject: string,
  requestSchema: Req,
  replySchema: Rep,
): FamilyRequest<Req, Rep> {
  return { kind: 'family-request', subject, request: requestSchema, reply: replySchema };
}

/** The request as the workers of this family make it; of `*`, as those of any family do. */
export function saidBy<M extends FamilyRequest>(family: string, message: M): Request<M['request'], M['reply']> {
  return { ...message, kind: 'request', subject: `${message.subject}.${family}` };
}

export function broadcast<Body extends TSchema>(subject: string, body: Body): Broadcast<Body> {
  return { kind: 'broadcast', subject, body };
}
