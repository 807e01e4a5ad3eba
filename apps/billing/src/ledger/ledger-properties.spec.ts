import { admin, billing } from '@doitong/contracts';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LedgerModel } from '../__fixtures__/ledger-model.js';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

const seed = Number(process.env.LEDGER_SEED ?? Date.now() % 1_000_000);

let service: TestBilling;
beforeAll(async () => {
  process.stderr.write(`LEDGER_SEED=${seed}\n`);
  service = await startBilling({ SWEEP_MS: '3600000' });
});
afterAll(() => service.stop());

const ask: TestBilling['ask'] = (message, body) => service.ask(message, body);
const SOON = Date.now() + 3_600_000;

const credits = fc.integer({ min: 1, max: 40 });
const which = fc.nat({ max: 1_000 });
const step = fc.oneof(
  fc.record({ do: fc.constant('give' as const), credits, priority: fc.nat({ max: 2 }), expires: fc.boolean() }),
  fc.record({
    do: fc.constant('adjust' as const),
    credits: fc.integer({ min: -30, max: 10 }).filter((some) => some !== 0),
  }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold' as const), credits }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), which, credits, capture: fc.boolean() }) },
  fc.record({ do: fc.constant('raise' as const), which, credits }),
  fc.record({ do: fc.constant('refund' as const), which, credits }),
  fc.record({ do: fc.constant('run out' as const), which }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** One account of the service, with ids and references by which a step can be said again. */
class Ledger {
  readonly ids: string[] = [];
  readonly grants: string[] = [];
  private steps = 0;

  constructor(readonly accountId: string) {}

  /** Makes the ids of a step, which is about one of the `known`; what it returns does it, as often as it is called. */
  prepare(step: Step, known: Pick<Ledger, 'ids' | 'grants'> = this): () => Promise<unknown> {
    const { accountId } = this;
    const reference = `${accountId} ${++this.steps}`;
    switch (step.do) {
      case 'give': {
        const expiresAt = step.expires ? new Date(SOON + this.steps * 1_000).toISOString() : undefined;
        this.grants.push(reference);
        const { credits, priority } = step;
        return () =>
          ask(admin.creditsAdd, { accountId, reference, credits, priority, ...(expiresAt && { expiresAt }) });
      }
      case 'adjust':
        if (step.credits > 0) this.grants.push(reference);
        return () => ask(admin.creditsAdjust, { accountId, reference, credits: step.credits, reason: 'test' });
      case 'hold': {
        const generationId = service.ids.next('gen');
        this.ids.push(generationId);
        return () => ask(billing.hold, { generationId, accountId, credits: step.credits });
      }
      case 'settle': {
        const outcome = step.capture ? ('CAPTURE' as const) : ('RELEASE' as const);
        const generationId = pick(known.ids, step.which);
        return () => ask(billing.settle, { items: [{ generationId, outcome, credits: step.credits }] });
      }
      case 'raise': {
        const generationId = pick(known.ids, step.which);
        return () => ask(billing.raise, { generationId, attemptNumber: 2, credits: step.credits });
      }
      case 'refund': {
        const generationId = pick(known.ids, step.which);
        return () => ask(admin.creditsRefund, { generationId, credits: step.credits, reason: 'test' });
      }
      case 'run out': {
        const grant = pick(known.grants, step.which);
        // As all that changes a grant, it locks the account first.
        return () =>
          service.sql(`BEGIN; UPDATE accounts SET next_expiry_at = now() WHERE id = '${accountId}';
            UPDATE grants SET expires_at = now() WHERE reference = '${grant}'; COMMIT`);
      }
    }
  }

  async balance(): Promise<{ credits: number; held: number }> {
    const { credits, held } = await ask(billing.account, { accountId: this.accountId });
    return { credits, held };
  }
}

const pick = <T>(some: T[], which: number): T => some[which % some.length]!;
const code = (done: Promise<unknown>): Promise<string> =>
  done.then(
    () => 'ok',
    (error) => error.code,
  );
const needsHold = (step: Step) => step.do === 'settle' || step.do === 'raise' || step.do === 'refund';

function inModel(model: LedgerModel, step: Step): string {
  switch (step.do) {
    case 'give':
      return model.give(step.credits, step.priority, step.expires);
    case 'adjust':
      return step.credits > 0 ? model.give(step.credits, 100, false) : model.take(-step.credits);
    case 'hold':
      return model.hold(step.credits);
    case 'settle':
      return model.settle(pick(model.holds, step.which), step.capture ? 'CAPTURE' : 'RELEASE', step.credits);
    case 'raise':
      return model.raise(pick(model.holds, step.which), step.credits);
    case 'refund':
      return model.refund(pick(model.holds, step.which), step.credits);
    case 'run out':
      return 'ok';
  }
}

it('any sequence of steps does what the model does, each as often as it is said', async () => {
  const check = async (steps: Step[]) => {
    const [ledger, model] = [new Ledger(await service.account(0)), new LedgerModel()];
    /** Refunds are grants of the model only; grants that can run out here are those that have a name. */
    const named: LedgerModel['grants'] = [];
    for (const one of steps) {
      if ((needsHold(one) && ledger.ids.length === 0) || (one.do === 'run out' && named.length === 0)) continue;
      const act = ledger.prepare(one);
      const expected = inModel(model, one);
      if (one.do === 'give' || (one.do === 'adjust' && one.credits > 0)) named.push(model.grants.at(-1)!);
      if (one.do === 'run out') model.runOut(pick(named, one.which));
      expect([one, await code(act())]).toEqual([one, expected]);
      if (one.do === 'hold' || one.do === 'give' || one.do === 'settle')
        expect([one, await code(act())]).toEqual([one, expected]);
      expect([one, await ledger.balance()]).toEqual([one, { credits: model.credits, held: model.held }]);
    }
    const { grants } = await ask(billing.grants, { accountId: ledger.accountId });
    expect(grants.map(({ remaining }) => remaining)).toEqual(model.left);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), check), { seed, numRuns: 30 });
  expect((await ask(admin.ledgerVerify, {})).discrepancies).toEqual([]);
}, 600_000);

it('whatever races, each several times: the balance is what was done, never below 0, and the ledger adds up', async () => {
  const said = fc.record({ step, times: fc.integer({ min: 1, max: 3 }) });
  const check = async (rounds: { step: Step; times: number }[][]) => {
    const ledger = new Ledger(await service.account(0));
    await ask(admin.creditsAdd, {
      accountId: ledger.accountId,
      credits: 200,
      reference: `rounds of ${ledger.accountId}`,
    });
    let came = 200;
    for (const round of rounds) {
      const possible = round.filter(
        ({ step }) =>
          !(needsHold(step) && ledger.ids.length === 0) && !(step.do === 'run out' && ledger.grants.length === 0),
      );
      // Not about what the same round makes: a hold is no longer said again once it is settled, nor a grant once it has another expiry.
      const known = { ids: [...ledger.ids], grants: [...ledger.grants] };
      const work = possible.map(({ step, times }) => ({ step, times, act: ledger.prepare(step, known) }));
      const outcomes = await Promise.all(
        work.map(({ times, act }) => Promise.all(Array.from({ length: times }, () => code(act())))),
      );
      for (const [index, codes] of outcomes.entries()) {
        const { step } = work[index]!;
        // A hold is refused once and for all; so is a grant given.
        if (step.do === 'hold' || step.do === 'give') expect([step, new Set(codes).size]).toEqual([step, 1]);
        expect([step, codes]).toEqual([step, expect.not.arrayContaining(['INTERNAL'])]);
        if ((step.do === 'give' || step.do === 'adjust') && codes.includes('ok')) came += step.credits;
      }
      const [moved] = await service.sql<{ captured: number; refunded: number; expired: number; held: number }>(
        `SELECT coalesce(sum(-credits) FILTER (WHERE kind = 'CAPTURE'), 0)::int AS captured,
           coalesce(sum(credits) FILTER (WHERE kind = 'REFUND'), 0)::int AS refunded,
           coalesce(sum(-credits) FILTER (WHERE kind = 'EXPIRY'), 0)::int AS expired,
           (SELECT coalesce(sum(credits), 0)::int FROM holds WHERE account_id = $1 AND status = 'OPEN') AS held
         FROM ledger_entries WHERE ledger_account = $1`,
        [ledger.accountId],
      );
      const { captured, refunded, expired, held } = moved!;
      expect(await ledger.balance()).toEqual({ credits: came + refunded - captured - expired - held, held });
    }
  };
  const rounds = fc.array(fc.array(said, { minLength: 4, maxLength: 12 }), { minLength: 5, maxLength: 12 });
  await fc.assert(fc.asyncProperty(rounds, check), { seed, numRuns: 12, endOnFailure: true });
  expect((await ask(admin.ledgerVerify, {})).discrepancies).toEqual([]);
}, 600_000);
