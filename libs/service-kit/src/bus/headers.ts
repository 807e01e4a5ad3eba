/** NATS header that carries the request id from service to service. */
export const REQUEST_ID = 'Doitong-Request-Id';

/** The NATS services convention: a reply with this header is an error, its payload an ErrorBody. */
export const ERROR_CODE = 'Nats-Service-Error-Code';
