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
  /** Asking again cannot start the work twice: the ask never arrived, or the vendor may be asked it any number of times. */
  readonly repeatable: boolean;
  /** One read said so, and says little: a proxy, a replica that lags, a key that is being replaced. It counts when others agree. */
  readonly doubtful: boolean;

  constructor(
    readonly kind: VendorErrorKind,
    message: string,
    options: VendorErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.publicMessage = options.publicMessage;
    this.costMicroUsd = options.costMicroUsd;
    this.repeatable = options.repeatable ?? false;
    this.doubtful = options.doubtful ?? false;
  }
}

interface VendorErrorOptions {
  retryAfterMs?: number;
  publicMessage?: string;
  costMicroUsd?: number;
  repeatable?: boolean;
  doubtful?: boolean;
  cause?: unknown;
}

/** The adapter's own refusal of what the option schema cannot check. */
export function refusedInput(publicMessage: string): VendorError {
  return new VendorError('invalid-input', publicMessage, { publicMessage });
}

const publicForm: Record<VendorErrorKind, { code: ErrorCode; message: string; retryable: boolean }> = {
  'invalid-input': { code: 'INVALID_INPUT', message: 'The provider refused the input.', retryable: false },
  'input-unfit': { code: 'INVALID_INPUT', message: 'An input file cannot be used.', retryable: false },
  'input-unavailable': {
    code: 'INVALID_INPUT',
    message: 'An input file could not be read. Try again.',
    retryable: true,
  },
  'content-rejected': {
    code: 'CONTENT_REJECTED',
    message: 'The provider rejected the content under its policy.',
    retryable: false,
  },
  'too-dear': { code: 'INSUFFICIENT_CREDITS', message: 'This costs more than there is.', retryable: false },
  credential: {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'The provider is not available at the moment.',
    retryable: true,
  },
  forbidden: {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'The provider refused to serve this. Another voice or model may do, or the same one later.',
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
  'server-error': {
    code: 'PROVIDER_UNAVAILABLE',
    message: 'The provider failed to take the request.',
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
