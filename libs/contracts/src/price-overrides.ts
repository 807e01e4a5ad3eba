import Type, { type Static } from 'typebox';
import { Price } from './manifest.js';
import { request } from './message.js';
import { AccountId, Instant, Plan } from './vocabulary.js';

const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/**
 * A price in place of the catalogue's, while it is valid. Of those that apply to a request the most specific holds: an account's before
 * its plan's, then a model's before its provider's, and of equals the one that was set last.
 */
export const PriceOverride = Type.Object({
  /** Grows with each that is set. */
  id: Type.Integer(),
  /** Whose it is; null where it is a plan's. */
  accountId: Nullable(AccountId),
  /** Whose it is, all accounts on it; null where it is an account's. */
  plan: Nullable(Plan),
  provider: Type.String(),
  /** Null: of all models of the provider. */
  model: Nullable(Type.String()),
  /** In credits. */
  price: Price,
  from: Instant,
  /** It is not valid at this instant any more; null: it has no end. */
  until: Nullable(Instant),
});
export type PriceOverride = Static<typeof PriceOverride>;

/** A model that would cost nothing, or less than half of what operators know: of one request, in credits; `from` is null of a new model. */
export const PriceFall = Type.Object({
  provider: Type.String(),
  model: Type.String(),
  from: Nullable(Type.Integer()),
  to: Type.Integer(),
});
export type PriceFall = Static<typeof PriceFall>;

const WaitingFall = Type.Object({
  /** Another one as soon as the family tells other prices. */
  id: Type.Integer(),
  family: Type.String(),
  falls: Type.Array(PriceFall),
  accepted: Type.Boolean(),
  toldAt: Instant,
});

/**
 * What operators do with prices. A change acts on the next request that is priced (a generation, a quote, a move to another model), in
 * each replica within a second; what was priced before keeps its price.
 */
export const adminPrices = {
  /**
   * For either an account or a plan. NOT_FOUND for an account, provider or model that there is not; INVALID_INPUT for a time that is over
   * before it begins, and for a price that goes by an option which the models do not have.
   */
  set: request(
    'admin.price.set',
    Type.Object({
      accountId: Type.Optional(AccountId),
      plan: Type.Optional(Plan),
      /** Id or alias. */
      provider: Type.String(),
      /** Default: all models of the provider. */
      model: Type.Optional(Type.String()),
      price: Price,
      /** Default: now. */
      from: Type.Optional(Instant),
      /** Default: it has no end. */
      until: Type.Optional(Instant),
    }),
    PriceOverride,
  ),
  /** The newest `first` that are valid or will be, or all that ever were; of this account, plan and provider (id or alias). */
  list: request(
    'admin.price.list',
    Type.Object({
      accountId: Type.Optional(AccountId),
      plan: Type.Optional(Plan),
      provider: Type.Optional(Type.String()),
      /** Also those that are over. Default: false. */
      past: Type.Optional(Type.Boolean()),
      first: Type.Integer({ minimum: 1, maximum: 500 }),
    }),
    Type.Object({ prices: Type.Array(PriceOverride) }),
  ),
  /** Now, or never to begin. One that is over stays as it is. NOT_FOUND. */
  end: request('admin.price.end', Type.Object({ id: Type.Integer() }), PriceOverride),
  /** Families whose workers are refused for prices that have fallen, each with what it told last. */
  falls: request('admin.price.falls', Type.Object({}), Type.Object({ waiting: Type.Array(WaitingFall) })),
  /** The family's workers come in with these prices, and by these the next fall is measured. NOT_FOUND, also when the family tells others by now. */
  accept: request('admin.price.accept', Type.Object({ id: Type.Integer() }), WaitingFall),
};
