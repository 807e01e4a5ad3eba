import { type AccountDetails, admin, type Plan } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';
import { optional, whole } from '../values.js';

const LIMITS = {
  '--requests-per-minute <n>': 'generations asked for within any minute',
  '--concurrent <n>': 'generations at the same time',
  '--per-day <n>': 'generations a day',
};

export function account(program: Command): void {
  new Noun(program, 'account', 'customers')
    .verb<{ name: string; plan: Plan; credits: string }>(
      'create',
      'a new account, with a test and a live key that are shown here and never again',
      {
        required: { '--name <name>': 'its name', '--plan <plan>': 'FREE, STARTER, PRO or ENTERPRISE' },
        optional: { '--credits <n>': 'its first credits (default: 0)' },
      },
      (ask, { name, plan, credits = '0' }) => ask(admin.accountCreate, { name, plan, credits: whole(credits) }),
    )
    .verb('show <accountId>', 'what is known of it', {}, async (ask, _options, accountId = '') =>
      flat(await ask(admin.accountShow, { accountId })),
    )
    .verb(
      'suspend <accountId>',
      'lets no key of it in until it is resumed',
      {},
      async (ask, _options, accountId = '') => flat(await ask(admin.accountSuspend, { accountId })),
    )
    .verb('resume <accountId>', 'lets its keys in again', {}, async (ask, _options, accountId = '') =>
      flat(await ask(admin.accountResume, { accountId })),
    )
    .verb(
      'close <accountId>',
      'for good: revokes its keys; what runs, ends',
      {},
      async (ask, _options, accountId = '') => flat(await ask(admin.accountClose, { accountId })),
    )
    .verb<{ plan: Plan }>(
      'set-plan <accountId>',
      'gives it the limits of another plan',
      { required: { '--plan <plan>': 'FREE, STARTER, PRO or ENTERPRISE' } },
      async (ask, { plan }, accountId = '') => (await ask(admin.accountSetPlan, { accountId, plan })).limits,
    )
    .verb<{ requestsPerMinute?: string; concurrent?: string; perDay?: string }>(
      'set-limits <accountId>',
      'gives an ENTERPRISE account limits of its own; what is left out is as its plan has it',
      { optional: LIMITS },
      async (ask, { requestsPerMinute, concurrent, perDay }, accountId = '') => {
        const { limits } = await ask(admin.accountSetLimits, {
          accountId,
          requestsPerMinute: optional(requestsPerMinute, whole),
          concurrent: optional(concurrent, whole),
          perDay: optional(perDay, whole),
        });
        return limits;
      },
    );
}

const flat = ({ limits, ...account }: AccountDetails) => ({ ...account, ...limits });
