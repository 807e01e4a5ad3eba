import Type, { type Static } from 'typebox';
import { Id, maybe, microUsd, own, type Refusal, shaped, VendorError, type VendorErrorKind } from '../kit/index.js';

const HedraError = Type.Object({
  code: Type.String(),
  message: maybe(Type.String()),
  details: maybe(Type.Array(Type.Object({ reason: maybe(Type.String()) }))),
});

export const FileAnswer = Type.Object({ url: Type.String({ minLength: 1 }) });
export const VoicesAnswer = Type.Object({
  data: Type.Array(Type.Object({ id: Type.String(), name: maybe(Type.String()) })),
});
export const SubmitAnswer = Type.Object({ job_id: Id });

const JobOutput = Type.Object({
  status: Type.String(),
  asset_id: maybe(Type.String()),
  url: maybe(Type.String()),
  error: maybe(HedraError),
});
export const JobAnswer = Type.Object({
  status: Type.String(),
  outputs: maybe(Type.Array(JobOutput)),
  error: maybe(HedraError),
  cost: maybe(Type.Number()),
  currency: maybe(Type.String()),
});
type JobAnswer = Static<typeof JobAnswer>;

/**
 * What the vendor's codes mean. Source: its list of codes, of which some have an HTTP status that is unverified. A repeat may find the first
 * ask still under way, and a model that is gone is nobody's bad input.
 */
const kindOfCode: Record<string, VendorErrorKind> = {
  INVALID_ARGUMENT: 'invalid-input',
  FAILED_PRECONDITION: 'unavailable',
  UNAUTHORIZED: 'credential',
  // Of the key's scope or plan, for this model or voice.
  PERMISSION_DENIED: 'forbidden',
  INSUFFICIENT_BALANCE: 'balance',
  NOT_FOUND: 'unavailable',
  GONE: 'unavailable',
  CANCELLED: 'unavailable',
  ALREADY_EXISTS: 'unavailable',
  ALREADY_IN_PROGRESS: 'unavailable',
  MODERATION_FAILED: 'content-rejected',
  RESOURCE_EXHAUSTED: 'rate-limited',
  INTERNAL: 'server-error',
  UNKNOWN: 'server-error',
  UNAVAILABLE: 'unavailable',
  DEADLINE_EXCEEDED: 'server-error',
};

const VendorRefusal = Type.Object({ job_id: maybe(Id), error: HedraError });

/** A job that failed has an `error` of the same shape, in an answer that succeeded. */
export function refusalOf(body: unknown): Refusal {
  const refused = shaped(VendorRefusal, body);
  if (!refused || refused.job_id !== undefined) return undefined;
  const { code, details } = refused.error;
  // An upload is kept for an hour: this one was our delay, not the customer's file.
  if (details?.some(({ reason }) => reason === 'expired')) return 'failed';
  return own(kindOfCode, code) ?? 'unknown-code';
}

/**
 * The one output of a finished job, undefined while it runs. Words that we do not know mean running. A failure tells what the
 * vendor charged for the job, and for the steps `before` it.
 */
export function finishedOutput(job: JobAnswer, beforeMicroUsd = 0): Static<typeof JobOutput> | undefined {
  if (job.status !== 'FAILED' && job.status !== 'COMPLETED') return undefined;
  const cost = { costMicroUsd: costMicroUsd(job, beforeMicroUsd) };
  if (job.status === 'FAILED') throw failedJob(job.error, cost);
  const output = job.outputs?.[0];
  if (output?.status === 'FAILED') throw failedJob(output.error, cost);
  if (output?.status === 'EXPIRED') throw new VendorError('output-lost', 'the output is older than 48 hours', cost);
  if (!output) throw new VendorError('failed', 'job completed without an output', { ...cost, doubtful: true });
  return output;
}

/** What a finished output must have. */
export function present(value: string | undefined): string {
  if (!value) throw new VendorError('failed', 'the finished output lacks its asset', { doubtful: true });
  return value;
}

/** Only these codes say why a job failed; with any other it just failed. */
const verdicts = new Set(['MODERATION_FAILED', 'INVALID_ARGUMENT']);

function failedJob(
  error: Static<typeof HedraError> | undefined,
  cost: { costMicroUsd: number | undefined },
): VendorError {
  const kind = error && verdicts.has(error.code) ? own(kindOfCode, error.code) : undefined;
  return new VendorError(kind ?? 'failed', `job failed: ${error?.code} ${error?.message}`, cost);
}

/** Of a job and of the steps before it; undefined where the vendor does not tell that of the job. */
export function costMicroUsd({ cost, currency }: JobAnswer, beforeMicroUsd = 0): number | undefined {
  const ofJob = (currency ?? 'USD') === 'USD' ? microUsd(cost, 1_000_000) : undefined;
  return ofJob === undefined ? undefined : ofJob + beforeMicroUsd;
}
