import Type, { type Static } from 'typebox';
import { ErrorCode, Stage } from './errors.js';
import { GenerationInput } from './generations.js';
import { broadcast, familyRequest } from './message.js';
import {
  AttemptId,
  ContentType,
  Credential,
  Credentials,
  GenerationId,
  Instant,
  JsonObject,
  Mode,
} from './vocabulary.js';

/** A vendor task that can be polled: what is needed to go on after a crash, durable before anything else happens. */
export const VendorTask = Type.Object({
  id: Type.String(),
  /** What else the adapter needs to poll, such as a `polling_url`. */
  state: JsonObject,
});
export type VendorTask = Static<typeof VendorTask>;

/** Everything that a worker needs to carry out an attempt. Options are the effective ones, defaults filled in. */
export const AttemptJob = Type.Object({
  attemptId: AttemptId,
  generationId: GenerationId,
  mode: Mode,
  type: ContentType,
  provider: Type.String(),
  model: Type.String(),
  input: GenerationInput,
  options: JsonObject,
  expectedSeconds: Type.Number(),
  deadlineAt: Instant,
  /** How long input.audio is must be told before the vendor is asked: the price goes by it. Absent: it does not. */
  measuresAudio: Type.Optional(Type.Boolean()),
});
export type AttemptJob = Static<typeof AttemptJob>;

/**
 * `deaths`: how many workers died while they held the attempt, as far as it may have been its fault; absent where none did. A worker
 * tells of each step of such an attempt that can cost it its life, before it takes it, and from the second death on takes such steps one at a time.
 */
const Begun = { job: AttemptJob, credential: Credential, deaths: Type.Optional(Type.Integer({ minimum: 1 })) };

/**
 * What a worker does next with an attempt:
 * `submit` it; `resume` a vendor task (`late`: its generation has ended, look once whether it succeeded after all);
 * `reconcile` a submit whose answer is unknown (look it up, never repeat it);
 * `wait`, another worker holds its lease; `drop` it, it is over.
 */
export const BeginReply = Type.Union([
  Type.Object({ action: Type.Literal('submit'), ...Begun }),
  Type.Object({
    action: Type.Literal('resume'),
    ...Begun,
    task: VendorTask,
    submittedAfter: Instant,
    late: Type.Boolean(),
  }),
  Type.Object({ action: Type.Literal('reconcile'), ...Begun, submittedAfter: Instant }),
  Type.Object({ action: Type.Literal('wait'), retryAfterMs: Type.Integer() }),
  Type.Object({ action: Type.Literal('drop') }),
]);
export type BeginReply = Static<typeof BeginReply>;

/** A file in the asset store, as read from its bytes. Dimensions in pixels, duration in seconds. */
export const Output = Type.Object({
  /** `<generation>/<attempt>/<file>`: a file of another attempt is refused. */
  key: Type.String({ pattern: '^gen_[0-9a-f]{32}/att_[0-9a-f]{32}/[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$' }),
  bytes: Type.Integer({ minimum: 1 }),
  contentType: Type.String(),
  format: Type.String(),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  durationSeconds: Type.Optional(Type.Number()),
});
export type Output = Static<typeof Output>;

/**
 * What a vendor's refusal or failure means to us.
 * The customer's: `invalid-input`, `content-rejected`; `too-dear`, which shows once a file is measured; of a file that was read before any vendor was asked `input-unfit`, which is not
 * what it must be, and `input-unavailable`, which its host did not give just now. The credential's: `credential`, of which the vendor says
 * that it is not valid. Its or this one request's: `forbidden`, which may be about the model, the voice or the region that was asked for, and
 * `balance`, which does not do for it.
 * `rate-limited` and `unavailable`: the ask did not take, or a repeat does no harm. `server-error`: the vendor answered that it failed
 * inside, and not whether it took the ask. `submission-unknown` (SUBMISSION_UNKNOWN): no answer of the vendor's came, the ask may have
 * taken, so nobody may ask again. The model's: `failed`, and `output-lost`, which could not be fetched or stored.
 */
export const FailureKind = Type.Enum([
  'invalid-input',
  'input-unfit',
  'input-unavailable',
  'content-rejected',
  'too-dear',
  'credential',
  'forbidden',
  'balance',
  'rate-limited',
  'unavailable',
  'server-error',
  'submission-unknown',
  'failed',
  'output-lost',
]);
export type FailureKind = Static<typeof FailureKind>;

/** Why an attempt failed: for customers in `code` and `message`, for us in `kind`. */
export const AttemptFailure = Type.Object({
  code: ErrorCode,
  message: Type.String(),
  retryable: Type.Boolean(),
  stage: Stage,
  kind: FailureKind,
  /** How long the vendor wants to be left alone, where it says so. */
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type AttemptFailure = Static<typeof AttemptFailure>;

const Lease = { attemptId: AttemptId, workerId: Type.String() };
/** `live` false: the attempt is over or another worker's; stop working on it. */
const LeaseReply = Type.Object({ live: Type.Boolean() });

/** What the vendor charges us, in micro-USD: as it says itself, else by the model's `vendorPrice`. Absent where that is not known. */
const VendorCost = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }));

const Hint = Type.Object({ attemptId: AttemptId, what: Type.Enum(['poll', 'cancel']) });

/**
 * What workers report. Each is idempotent on the attempt: said twice, it changes nothing the second time. To another family it is as if there
 * were no such attempt. One that is refused would be refused again: its worker reports that the attempt has failed.
 */
export const attempts = {
  /**
   * Takes the lease. A reply of `submit` records, before it is sent, that the vendor may be asked from now on, or, of a request with files,
   * from `ready` on. Who had no
   * answer asks again with the same `beginId` and gets the one that was lost; a new `beginId` says that it was heard.
   */
  begin: familyRequest(
    'attempt.begin',
    /** `credentials`: those to choose from, should this worker be the first to ask the vendor. */
    Type.Object({
      ...Lease,
      beginId: Type.String({ minLength: 1, maxLength: 100 }),
      credentials: Credentials,
    }),
    BeginReply,
  ),
  /**
   * All files of the request are read and good, and the vendor is asked next: only of a request with files, and before that nobody asks.
   * `audioSeconds`: how long input.audio is, where its price goes by that. Not live also where the account cannot pay for so much, which
   * ends the attempt.
   */
  ready: familyRequest(
    'attempt.ready',
    Type.Object({ ...Lease, audioSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0 })) }),
    LeaseReply,
  ),
  submitted: familyRequest('attempt.submitted', Type.Object({ ...Lease, task: VendorTask }), LeaseReply),
  /** Renews the lease and tells progress (0 to 100). */
  progress: familyRequest(
    'attempt.progress',
    Type.Object({ ...Lease, progress: Type.Integer({ minimum: 0, maximum: 100 }) }),
    LeaseReply,
  ),
  /**
   * Of an attempt of which workers died: its worker is about to take a step that can cost it its life, at this stage, or is past it
   * where there is none. What dies at other times is not this attempt's fault.
   */
  risking: familyRequest('attempt.risking', Type.Object({ ...Lease, stage: Type.Optional(Stage) }), LeaseReply),
  /** Gives the lease back before the end: another worker may go on at once. Who is taken for dead, and says this, was not. */
  release: familyRequest('attempt.release', Type.Object(Lease), Type.Object({})),
  /** Refused where the output is of another kind than the generation's type, or another attempt's. */
  completed: familyRequest(
    'attempt.completed',
    Type.Object({
      ...Lease,
      output: Output,
      vendorCostMicroUsd: VendorCost,
    }),
    LeaseReply,
  ),
  /** The attempt of a generation that has ended succeeded after all: recorded for its cost, charged to nobody. */
  late: familyRequest('attempt.late', Type.Object({ ...Lease, vendorCostMicroUsd: VendorCost }), LeaseReply),
  /** `vendorCostMicroUsd`: vendors charge for some failures. 0: it is known that this one is free. */
  failed: familyRequest(
    'attempt.failed',
    Type.Object({ ...Lease, failure: AttemptFailure, vendorCostMicroUsd: VendorCost }),
    LeaseReply,
  ),
  /** Something happened to this attempt of the family at the vendor (`poll` at once) or at the customer's (`cancel`). */
  hint: (family: string) => broadcast(`attempt.hint.${family}`, Hint),
};

/** A job is a wake-up call, not data: it carries ids. Subject `JOBS.<family>` of the JetStream work queue `JOBS`. */
export const Job = Type.Object({ attemptId: AttemptId, generationId: GenerationId });
export type Job = Static<typeof Job>;
