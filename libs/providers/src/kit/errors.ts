import type { AttemptFailure, ErrorCode } from '@doitong/contracts';

/**
 * What a vendor's refusal or failure means to us.
 * `rate-limited` and `unavailable`: the ask did not take and may be repeated. `submission-unknown`: it may have taken.
 */
export type VendorErrorKind =
  | 'invalid-input'
  | 'content-rejected'
  | 'credential'
  | 'balance'
  | 'rate-limited'
  | 'unavailable'
  | 'submission-unknown'
  | 'failed'
  | 'output-lost';

/** `message` is for the log: it may quote the vendor. What customers see is `toFailure`. */
export class VendorError extends Error {
  override readonly name = 'VendorError';
  readonly retryAfterMs?: number;

  constructor(
    readonly kind: VendorErrorKind,
    message: string,
    options: { retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

const publicForm: Record<VendorErrorKind, { code: ErrorCode; message: string; retryable: boolean }> = {
  'invalid-input': { code: 'INVALID_INPUT', message: 'The provider refused the input.', retryable: false },
  'content-rejected': {
    code: 'CONTENT_REJECTED',
    message: 'The provider rejected the content under its policy.',
    retryable: false,
  },
  credential: {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'The provider is not available at the moment.',
    retryable: true,
  },
  balance: { code: 'PROVIDER_UNAVAILABLE', message: 'The provider is not available at the moment.', retryable: true },
  'rate-limited': {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'The provider is busy. Please try again later.',
    retryable: true,
  },
  unavailable: {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'The provider is not available at the moment.',
    retryable: true,
  },
  'submission-unknown': {
    code: 'GENERATION_FAILED',
    message: "The provider's answer was lost, so the request was not repeated. You were not charged.",
    retryable: true,
  },
  failed: { code: 'GENERATION_FAILED', message: 'The provider could not make this generation.', retryable: true },
  'output-lost': { code: 'GENERATION_FAILED', message: "The provider's output could not be stored.", retryable: true },
};

/** What is reported of a vendor error: our own words, nothing of the vendor's. */
export function toFailure(error: VendorError, stage: AttemptFailure['stage']): AttemptFailure {
  return { ...publicForm[error.kind], stage, unknownSubmission: error.kind === 'submission-unknown' };
}
