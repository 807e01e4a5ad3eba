import type { Issue } from '../http/schema.js';
import { VendorError } from '../http/vendor-error.js';
import type { Refusals } from '../tasks/admission.js';

/** As FastAPI words a body that does not validate. */
export const validationError = (issues: Pick<Issue, 'field' | 'message' | 'reason'>[]) =>
  new VendorError(422, {
    detail: issues.map(({ field, message, reason }) => ({
      loc: ['body', ...field.split('.').filter(Boolean)],
      msg: message,
      type: reason === 'required' ? 'missing' : reason,
    })),
  });

export const notAuthenticated = new VendorError(403, {
  detail: 'Not authenticated - API key is missing, invalid or expired',
});
export const unknownModel = new VendorError(404, { detail: 'Not Found' });

export const refusals: Refusals = {
  quota: new VendorError(402, { detail: 'Insufficient credits. Please add credits to continue.' }),
  // Moderation is a status of the task.
  'content-rejected': undefined,
  'server-error': new VendorError(500, { detail: 'Internal Server Error' }),
  overloaded: new VendorError(503, { detail: 'Service temporarily unavailable' }),
  'rate-limited': new VendorError(429, { detail: 'Too many active tasks. Please wait for them to finish.' }),
};
