import Type, { type Static } from 'typebox';
import { adminWebhooks } from './admin-webhooks.js';
import { adminKeys } from './api-keys.js';
import { auditRequest } from './audit.js';
import { Account, AccountDetails, CancelTerms, Limits } from './billing.js';
import { Generation } from './generations.js';
import { TransactionsReply, TransactionsRequest } from './ledger.js';
import { request } from './message.js';
import { adminPrices } from './price-overrides.js';
import { usageReport } from './usage.js';
import { AccountId, AttemptId, ContentType, Credits, GenerationId, Instant, JsonObject, Plan } from './vocabulary.js';

/** Of a limit: ten times as much, the limit of reads, still fits into an integer of PostgreSQL. */
const MOST = 200_000_000;

/** Names a change of credits among those of its kind: it happens once, and a repeat answers with the account as it is then. */
const Reference = Type.String({ minLength: 1, maxLength: 200 });
const Reason = Type.String({ minLength: 1, maxLength: 500 });

const PlanDetails = Type.Object({ plan: Plan, limits: Limits, cancelTerms: CancelTerms });
export type PlanDetails = Static<typeof PlanDetails>;

const OneAccount = Type.Object({ accountId: AccountId });

const OneGeneration = Type.Object({ id: GenerationId });

/** One try of a generation, for operators. */
const AttemptDetails = Type.Object({
  id: AttemptId,
  number: Type.Integer(),
  provider: Type.String(),
  model: Type.String(),
  status: Type.String(),
  /** Fingerprint of the vendor credential; null before one was taken. */
  credential: Type.Union([Type.String(), Type.Null()]),
  /** As the worker told it; null unless it failed. */
  failure: Type.Union([JsonObject, Type.Null()]),
  /** What the vendor charges for it, of a test key what it would, in micro-USD; null where that is not known. */
  vendorCostMicroUsd: Type.Union([Type.Integer(), Type.Null()]),
  createdAt: Instant,
  finishedAt: Type.Union([Instant, Type.Null()]),
});

/** A provider as operators see it. */
const ProviderState = Type.Object({
  id: Type.String(),
  type: ContentType,
  family: Type.String(),
  /** Why no live key, and no test key, is served; null where they are. */
  live: Type.Union([Type.String(), Type.Null()]),
  test: Type.Union([Type.String(), Type.Null()]),
  /** The reason that was given for disabling it; null while it is not disabled. */
  disabledBecause: Type.Union([Type.String(), Type.Null()]),
});
export type ProviderState = Static<typeof ProviderState>;

/** What operators and internal services ask; the admin identity alone can. */
export const admin = {
  /** Creates an account with one test and one live key, whose secrets are shown here and never again. */
  accountCreate: request(
    'admin.account.create',
    Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }), plan: Plan, credits: Credits }),
    Type.Object({ accountId: AccountId, testKey: Type.String(), liveKey: Type.String() }),
  ),
  /** NOT_FOUND. */
  accountShow: request('admin.account.show', OneAccount, AccountDetails),
  /** No key of it is accepted until it is resumed; what runs, ends. INVALID_INPUT when it is closed, NOT_FOUND. */
  accountSuspend: request('admin.account.suspend', OneAccount, AccountDetails),
  /** INVALID_INPUT when it is closed, NOT_FOUND. */
  accountResume: request('admin.account.resume', OneAccount, AccountDetails),
  /** For good: its keys are revoked, new work is refused, what runs, ends. NOT_FOUND. */
  accountClose: request('admin.account.close', OneAccount, AccountDetails),
  /** The account has the limits of this plan, and none of its own, from its next request on. NOT_FOUND. */
  accountSetPlan: request(
    'admin.account.set-plan',
    Type.Object({ accountId: AccountId, plan: Plan }),
    Type.Object({ limits: Limits }),
  ),
  /**
   * Gives an ENTERPRISE account limits of its own, in place of those it has; what is left out is as its plan has it. Acts on its
   * next request. INVALID_INPUT for an account of another plan, NOT_FOUND. Answers with the limits now in force.
   */
  accountSetLimits: request(
    'admin.account.set-limits',
    Type.Object({
      accountId: AccountId,
      requestsPerMinute: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST })),
      concurrent: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST })),
      perDay: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST })),
    }),
    Type.Object({ limits: Limits }),
  ),
  /** All plans, with what their accounts may do, and what they pay for what they cancel. */
  planList: request('admin.plan.list', Type.Object({}), Type.Object({ plans: Type.Array(PlanDetails) })),
  /** What is left out stays. Acts on the next cancellation. */
  planSetCancelTerms: request(
    'admin.plan.set-cancel-terms',
    Type.Object({ plan: Plan, ...Type.Partial(CancelTerms).properties }),
    PlanDetails,
  ),
  key: adminKeys,
  /** Of accounts, keys and credits. */
  billingAudit: auditRequest('admin.audit.billing'),
  /**
   * Gives credits, as a grant; once for each kind and reference. PROMOTION burns before TOP_UP unless `priority` says otherwise.
   * NOT_FOUND; INVALID_INPUT; IDEMPOTENCY_CONFLICT when the reference was used for anything else.
   */
  creditsAdd: request(
    'admin.credits.add',
    Type.Object({
      accountId: AccountId,
      credits: Credits,
      reference: Reference,
      /** Default: TOP_UP. */
      kind: Type.Optional(Type.Enum(['TOP_UP', 'PROMOTION'])),
      /** The lower, the sooner used up. Default: 100, PROMOTION 10. */
      priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
      /** Default: never. */
      expiresAt: Type.Optional(Instant),
    }),
    Account,
  ),
  /**
   * Gives (positive) or takes (negative) credits by hand; once for each reference. Takes what is spendable only:
   * INSUFFICIENT_CREDITS otherwise. NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_CONFLICT as of `creditsAdd`.
   */
  creditsAdjust: request(
    'admin.credits.adjust',
    Type.Object({
      accountId: AccountId,
      credits: Type.Integer({ minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
      reference: Reference,
      reason: Reason,
    }),
    Account,
  ),
  /**
   * Gives back what a generation cost, or part of it, once for each generation. NOT_FOUND when nothing was captured for it;
   * INVALID_INPUT for more than that; IDEMPOTENCY_CONFLICT when another amount was given back.
   */
  creditsRefund: request(
    'admin.credits.refund',
    Type.Object({
      generationId: GenerationId,
      /** Default: all that was captured. */
      credits: Type.Optional(Credits),
      reason: Reason,
    }),
    Account,
  ),
  /** Of any account. NOT_FOUND. */
  generationShow: request(
    'admin.generation.show',
    OneGeneration,
    Type.Object({ generation: Generation, attempts: Type.Array(AttemptDetails) }),
  ),
  /** As its owner would cancel it, but free of charge: false when it had ended already. NOT_FOUND. */
  generationCancel: request('admin.generation.cancel', OneGeneration, Type.Object({ cancelled: Type.Boolean() })),
  /**
   * A new generation of what one that FAILED or was CANCELLED was asked for, with a price, a hold and a slot of its own: what has ended
   * stays as it ended. Once for each within a day: a repeat answers with the one that was made. NOT_FOUND, INVALID_INPUT for
   * one that is COMPLETED or has not ended, FORBIDDEN when the account is not active; otherwise as `generations.create`.
   */
  generationRetry: request('admin.generation.retry', OneGeneration, Generation),
  providerList: request('admin.provider.list', Type.Object({}), Type.Object({ providers: Type.Array(ProviderState) })),
  /**
   * No new attempt goes to it, by name neither, from the next request on; what runs there, ends. Holds until it is enabled. A repeat gives
   * another reason. NOT_FOUND.
   */
  providerDisable: request(
    'admin.provider.disable',
    Type.Object({ provider: Type.String(), reason: Reason }),
    ProviderState,
  ),
  /** NOT_FOUND. */
  providerEnable: request('admin.provider.enable', Type.Object({ provider: Type.String() }), ProviderState),
  price: adminPrices,
  usageReport,
  /** Of generations, providers and prices. */
  generationsAudit: auditRequest('admin.audit.generations'),
  webhook: adminWebhooks,
  /** Of webhook endpoints and deliveries. */
  webhooksAudit: auditRequest('admin.audit.webhooks'),
  creditsHistory: request('admin.credits.history', TransactionsRequest, TransactionsReply),
  /**
   * Recomputes what must hold of the ledger, matches its holds with the generations, and lists the discrepancies, at most 100 of each kind;
   * `balanced` when there is none. Takes longer the more there is: some seconds for a million entries.
   */
  ledgerVerify: request(
    'admin.ledger.verify',
    Type.Object({}),
    Type.Object({
      balanced: Type.Boolean(),
      /** Whether holds were matched with generations; false when `generations` did not answer. */
      matched: Type.Boolean(),
      entries: Type.Integer(),
      openHolds: Type.Integer(),
      capturedCredits: Credits,
      discrepancies: Type.Array(Type.String()),
    }),
  ),
};
