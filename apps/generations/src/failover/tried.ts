import type { AttemptFailure, ErrorBody, ErrorCode } from '@doitong/contracts';

/** A model that was tried for a generation, and failed. */
export interface Tried {
  family: string;
  provider: string;
  model: string;
  failure: AttemptFailure;
}

const deeds: Partial<Record<ErrorCode, string>> = {
  CONTENT_REJECTED: 'rejected the content',
  INVALID_INPUT: 'refused the input',
  PROVIDER_UNAVAILABLE: 'was not available',
};

/** What a model did that failed, in words for the customer. */
export function deedOf({ code }: Pick<AttemptFailure, 'code'>): string {
  return deeds[code] ?? 'could not make it';
}

/** A sentence for each, for `metadata.adjustments`. */
export function sentencesOf(tried: Tried[]): string[] {
  return tried.map(
    ({ provider, model, failure }) => `${provider} (${model}) ${deedOf(failure)}; the next best was asked.`,
  );
}

/** The most telling first: what the customer can mend, then what a model made of it, then who was not there. */
const telling: ErrorCode[] = [
  'INSUFFICIENT_CREDITS',
  'CONTENT_REJECTED',
  'INVALID_INPUT',
  'GENERATION_FAILED',
  'PROVIDER_UNAVAILABLE',
];

/** What a generation failed of when each of its attempts did: the most telling failure, of several the last. */
export function errorOf(failures: AttemptFailure[]): ErrorBody {
  const rank = ({ code }: AttemptFailure) => (telling.includes(code) ? telling.indexOf(code) : telling.length);
  const { code, message, retryable, stage } = failures.reduce((most, next) => (rank(next) <= rank(most) ? next : most));
  return { code, message, retryable, billed: false, stage };
}
