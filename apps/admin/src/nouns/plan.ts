import { admin, type Plan, type PlanDetails } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';
import { optional, whole } from '../values.js';

export function plan(program: Command): void {
  new Noun(program, 'plan', 'what accounts may do, and what they pay for what they cancel')
    .verb('list', 'all of them', {}, async (ask) => (await ask(admin.planList, {})).plans.map(flat))
    .verb<{ percent?: string; freePerDay?: string }>(
      'set-cancel-terms <plan>',
      'what a cancellation costs once the vendor may have been asked; what is left out stays',
      {
        optional: {
          '--percent <n>': 'of the price, 0 to 100',
          '--free-per-day <n>': 'so many of a day (UTC) that cost nothing',
        },
      },
      async (ask, { percent, freePerDay }, name = '') =>
        flat(
          await ask(admin.planSetCancelTerms, {
            plan: name as Plan,
            percent: optional(percent, whole),
            freePerDay: optional(freePerDay, whole),
          }),
        ),
    );
}

const flat = ({ plan: name, limits, cancelTerms }: PlanDetails) => ({
  plan: name,
  ...limits,
  cancelPercent: cancelTerms.percent,
  cancelsFreePerDay: cancelTerms.freePerDay,
});
