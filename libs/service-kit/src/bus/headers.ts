import { headers, type MsgHdrs } from '@nats-io/transport-node';

/** NATS header that carries the request id from service to service. */
export const REQUEST_ID = 'Doitong-Request-Id';

/** NATS header that tells for whom an operator's request is made. */
export const ACTOR = 'Doitong-Actor';

/** The NATS services convention: a reply with this header is an error, its payload an ErrorBody. */
export const ERROR_CODE = 'Nats-Service-Error-Code';

/** A message with this header carries several requests on its subject, and its reply what came of each. */
export const TOGETHER = 'Doitong-Together';

/** A reply with this header: the answers to requests that came together are too large for one message. */
export const APART = 'Doitong-Apart';

/** Headers of which this is the first. */
export function marked(name: string, value: string): MsgHdrs {
  const carried = headers();
  carried.set(name, value);
  return carried;
}
