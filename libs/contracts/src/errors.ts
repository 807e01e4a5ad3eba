import Type, { type Static } from 'typebox';

export const errorCodes = [
  'INSUFFICIENT_CREDITS',
  'RATE_LIMIT',
  'INVALID_INPUT',
  'PROVIDER_UNAVAILABLE',
  'GENERATION_FAILED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'IDEMPOTENCY_CONFLICT',
  'CONTENT_REJECTED',
  'INTERNAL',
] as const;
export const ErrorCode = Type.Enum(errorCodes);
export type ErrorCode = Static<typeof ErrorCode>;

/** Where in a generation's life it went wrong. */
export const Stage = Type.Enum(['ADMISSION', 'SUBMISSION', 'PROCESSING', 'DELIVERY']);
export type Stage = Static<typeof Stage>;

/** An error as customers see it, in `errors[].extensions` and `generation.error`, and as it crosses NATS. */
export const ErrorBody = Type.Object(
  {
    code: ErrorCode,
    /** One or two sentences for a person; holds nothing internal. */
    message: Type.String(),
    /** Whether the same request may succeed later. */
    retryable: Type.Boolean(),
    /** Whether credits were taken for it. */
    billed: Type.Boolean(),
    stage: Stage,
    /** Seconds to wait before a retry. */
    retryAfter: Type.Optional(Type.Number()),
    /** Which limit refused: `per_minute`, `concurrent` or `per_day`. */
    limit: Type.Optional(Type.String()),
    /** Path of the input field at fault, such as `options.duration`. */
    field: Type.Optional(Type.String()),
    /** Which scope the API key lacks. */
    scope: Type.Optional(Type.String()),
    /** What the field at fault may be. */
    allowed: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);
export type ErrorBody = Static<typeof ErrorBody>;

const retryableByDefault: Record<ErrorCode, boolean> = {
  INSUFFICIENT_CREDITS: false,
  RATE_LIMIT: true,
  INVALID_INPUT: false,
  PROVIDER_UNAVAILABLE: true,
  GENERATION_FAILED: true,
  UNAUTHENTICATED: false,
  FORBIDDEN: false,
  NOT_FOUND: false,
  IDEMPOTENCY_CONFLICT: false,
  CONTENT_REJECTED: false,
  INTERNAL: true,
};

type ErrorDetails = Partial<Omit<ErrorBody, 'code' | 'message'>> & { cause?: unknown };

/**
 * The one error class. `message` and `body` are public; `cause` is for the log only.
 * Each transport maps it once: NATS replies, GraphQL errors, HTTP.
 */
export class DoitongError extends Error {
  override readonly name = 'DoitongError';
  readonly body: ErrorBody;

  constructor(code: ErrorCode, message: string, { cause, ...details }: ErrorDetails = {}) {
    super(message, { cause });
    this.body = { code, message, retryable: retryableByDefault[code], billed: false, stage: 'ADMISSION', ...details };
  }

  get code(): ErrorCode {
    return this.body.code;
  }

  static from(body: ErrorBody): DoitongError {
    const { code, message, ...details } = body;
    return new DoitongError(code, message, details);
  }

  /** What a customer may see of any failure: a DoitongError as it is, all else as INTERNAL with the failure as cause. */
  static of(failure: unknown): DoitongError {
    if (failure instanceof DoitongError) return failure;
    return new DoitongError('INTERNAL', 'Something went wrong on our side. Please try again.', { cause: failure });
  }
}

/** INVALID_INPUT that names the field and what it may be. */
export function invalidInput(field: string, message: string, allowed?: unknown): DoitongError {
  return new DoitongError('INVALID_INPUT', message, { field, ...(allowed === undefined ? {} : { allowed }) });
}
