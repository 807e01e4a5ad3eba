import { randomUUID } from 'node:crypto';
import type { Issue } from '../http/schema.js';
import { VendorError } from '../http/vendor-error.js';
import type { Refusals } from '../tasks/admission.js';

interface Failure {
  status: number;
  type: string;
  code: string;
  message: string;
  param?: string;
  /** Where the older form of the error has another HTTP status. */
  oldStatus?: number;
  headers?: Record<string, string>;
}

const retryAfter = { 'retry-after': '1' };

/** The newer form repeats its code as `status`, which is all that the older one has. */
export function elevenlabsError(failure: Failure, isOld = false): VendorError {
  const { status, type, code, message, param, oldStatus = status, headers } = failure;
  if (isOld) return new VendorError(oldStatus, { detail: { status: code, message } }, headers);
  const detail = { type, code, message, status: code, request_id: randomUUID().replaceAll('-', ''), param };
  return new VendorError(status, { detail }, headers);
}

export const validationError = (issues: Issue[]) =>
  new VendorError(422, {
    detail: issues.map(({ field, message, reason }) => ({
      loc: ['body', ...field.split('.').filter(Boolean)],
      msg: reason === 'required' ? 'Field required' : message,
      type: reason === 'required' ? 'missing' : reason,
    })),
  });

export const invalidKey: Failure = {
  status: 401,
  type: 'authentication_error',
  code: 'invalid_api_key',
  message: 'Invalid API key',
};
export const missingKey: Failure = {
  status: 401,
  type: 'authentication_error',
  code: 'needs_authorization',
  message: 'Neither authorization header nor xi-api-key received, please provide one.',
};
export const noVoice: Failure = {
  status: 404,
  oldStatus: 400,
  type: 'not_found',
  code: 'voice_not_found',
  message: 'A voice with that id was not found.',
};
export const noHistoryItem: Failure = {
  status: 404,
  type: 'not_found',
  code: 'history_item_not_found',
  message: 'No history item with that id was found.',
};
export const tooLong: Failure = {
  status: 400,
  type: 'validation_error',
  code: 'max_character_limit_exceeded',
  message: 'The text is longer than this model takes in one request.',
  param: 'text',
};
export const invalidParameter = (param: string, message: string): Failure => ({
  status: 400,
  type: 'validation_error',
  code: 'invalid_parameters',
  message,
  param,
});
/** No code is documented for it (unverified). */
export const moderated: Failure = {
  status: 400,
  type: 'validation_error',
  code: 'content_against_policy',
  message: 'The text is against the content policy.',
};
export const internal: Failure = {
  status: 500,
  type: 'server_error',
  code: 'internal_error',
  message: 'Internal server error',
};

export const refusals = (isOld: boolean): Refusals => ({
  quota: elevenlabsError(
    { status: 401, type: 'quota_error', code: 'quota_exceeded', message: 'This request exceeds your quota.' },
    isOld,
  ),
  'content-rejected': elevenlabsError(moderated, isOld),
  'server-error': elevenlabsError(internal, isOld),
  overloaded: elevenlabsError(
    { status: 429, type: 'rate_limit_error', code: 'system_busy', message: 'The system is busy. Please try again.' },
    isOld,
  ),
  'rate-limited': elevenlabsError(
    {
      status: 429,
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: 'Too many requests',
      headers: retryAfter,
    },
    isOld,
  ),
});
