import type { AttemptFailure, ErrorCode, FailureKind } from '@doitong/contracts';

export type VendorErrorKind = FailureKind;

/**
 * `message` is for the log: it may quote the vendor. What customers see is `toFailure`: a message for the kind, or
 * `publicMessage` where the adapter itself saw what is wrong.
 */
export class VendorError extends Error {
  override readonly name = 'VendorError';
  readonly retryAfterMs?: number;
  readonly publicMessage?: string;
  /** What the vendor charges all the same, in micro-USD; absent where that is not known. */
  readonly costMicroUsd?: number;

  constructor(
    readonly kind: VendorErrorKind,
    message: string,
    options: { retryAfterMs?: number; publicMessage?: string; costMicroUsd?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.publicMessage = options.publicMessage;
    this.costMicroUsd = options.costMicroUsd;
  }
}

/** The adapter's own refusal of what the option schema cannot check. */
export function refusedInput(publicMessage: string): VendorError {
  return new VendorError('invalid-input', publicMessage, { publicMessage });
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
  const form = publicForm[error.kind];
  return {
    ...form,
    message: error.publicMessage ?? form.message,
    stage,
    kind: error.kind,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  };
}
