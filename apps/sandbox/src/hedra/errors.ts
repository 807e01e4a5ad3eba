import { randomBytes } from 'node:crypto';
import type { Issue } from '../http/schema.js';
import { VendorError } from '../http/vendor-error.js';
import type { Refusals } from '../tasks/admission.js';

interface Details {
  param?: string;
  details?: { field: string; message: string; reason: string; allowed?: unknown[] }[];
  retryAfter?: number;
  billing?: object;
}

/** The error object, as answers, jobs and outputs have it. */
function errorObject(code: string, message: string, retryable: boolean, more: Details = {}) {
  const { param = null, details = [], retryAfter = null, billing = null } = more;
  return { code, message, retryable, retry_after: retryAfter, param, details, replaced_by: null, billing };
}

export const traceId = () => randomBytes(16).toString('hex');

/** The `type` of an answer's error, which follows from its HTTP status alone. */
function typeOf(status: number): string {
  if (status >= 500) return 'server_error';
  const types: Record<number, string> = {
    401: 'authentication_error',
    403: 'permission_error',
    429: 'rate_limit_error',
  };
  return types[status] ?? 'invalid_request_error';
}

function hedraError(status: number, about: ReturnType<typeof errorObject>): VendorError {
  const error = { ...about, type: typeOf(status) };
  const trace_id = traceId();
  const retry: Record<string, string> = error.retry_after === null ? {} : { 'retry-after': String(error.retry_after) };
  return new VendorError(status, { error, trace_id }, { 'x-trace-id': trace_id, ...retry });
}

export const invalidArgument = (field: string, message: string, reason: string, allowed?: unknown[]) =>
  hedraError(
    400,
    errorObject('INVALID_ARGUMENT', message, false, { param: field, details: [{ field, message, reason, allowed }] }),
  );

export const invalidBody = ([first, ...others]: Issue[]) => {
  const details = [first, ...others].flatMap((issue) => issue ?? []);
  const message = `${first?.field || 'body'} ${first?.message}`;
  return hedraError(400, errorObject('INVALID_ARGUMENT', message, false, { param: first?.field, details }));
};

export const unauthorized = () => hedraError(401, errorObject('UNAUTHORIZED', 'Invalid API key', false));
export const notFound = (what: string) => hedraError(404, errorObject('NOT_FOUND', `${what} not found`, false));

/** No words are documented for a key that comes with another request (unverified); this code is the nearest of the vendor's. */
export const keyTaken = () =>
  hedraError(409, errorObject('ALREADY_EXISTS', 'The Idempotency-Key was used for another request', false));

export const moderation = errorObject('MODERATION_FAILED', 'The content was rejected by moderation', false);
export const internal = errorObject('INTERNAL', 'The generation failed', false);

export const refusals = (): Refusals => ({
  quota: hedraError(
    402,
    errorObject('INSUFFICIENT_BALANCE', 'The wallet balance is too low', false, {
      billing: {
        balance: 0,
        required: null,
        currency: 'USD',
        funding_url: 'https://example.com/billing',
        reason: null,
      },
    }),
  ),
  'content-rejected': hedraError(422, moderation),
  'server-error': hedraError(500, errorObject('INTERNAL', 'Internal error', false)),
  overloaded: hedraError(503, errorObject('UNAVAILABLE', 'Service temporarily unavailable', true)),
  'rate-limited': hedraError(429, errorObject('RESOURCE_EXHAUSTED', 'Rate limit exceeded', true, { retryAfter: 1 })),
});
