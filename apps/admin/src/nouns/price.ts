import { admin, type Plan, type Price, type PriceOverride } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';
import { instant, number, optional, whole } from '../values.js';

const WHOSE = { '--plan <plan>': 'FREE, STARTER, PRO or ENTERPRISE', '--account <accountId>': 'one account' };

interface Set {
  provider: string;
  model?: string;
  plan?: Plan;
  account?: string;
  base: string;
  perSecond?: string;
  defaultSeconds?: string;
  perThousandCharacters?: string;
  multipliers?: string;
  from?: string;
  until?: string;
}

export function price(program: Command): void {
  new Noun(program, 'price', 'credits for a plan or an account, in place of the catalogue’s')
    .verb<Set>(
      'set',
      'the account’s holds before its plan’s, the model’s before its provider’s, and of equals the one that was set last',
      {
        required: { '--provider <id>': 'its id', '--base <credits>': 'for each generation' },
        optional: {
          '--model <id>': 'one model of the provider (default: all)',
          ...WHOSE,
          '--per-second <credits>': 'for each second of the option duration',
          '--default-seconds <n>': 'where that is absent',
          '--per-thousand-characters <credits>': 'for each 1,000 begun',
          '--multipliers <json>': 'by option and value, such as {"resolution":{"1080p":1.5}}',
          '--from <instant>': 'ISO 8601 (default: now)',
          '--until <instant>': 'ISO 8601 (default: for ever)',
        },
      },
      async (ask, { provider, model, plan, account: accountId, from, until, ...asked }) =>
        flat(
          await ask(admin.price.set, {
            accountId,
            plan,
            provider,
            model,
            price: priceOf(asked),
            from: optional(from, instant),
            until: optional(until, instant),
          }),
        ),
    )
    .verb<{ plan?: Plan; account?: string; provider?: string; past?: boolean; first: string }>(
      'list',
      'those that hold or will, the newest first',
      {
        optional: {
          ...WHOSE,
          '--provider <id>': 'of this provider',
          '--past': 'those that are over, too',
          '--first <n>': 'how many at most (default: 50)',
        },
      },
      async (ask, { plan, account: accountId, provider, past, first = '50' }) =>
        (await ask(admin.price.list, { plan, accountId, provider, past, first: whole(first) })).prices.map(flat),
    )
    .verb('end <id>', 'now; what was priced keeps its price', {}, async (ask, _options, id = '') =>
      flat(await ask(admin.price.end, { id: whole(id) })),
    )
    .verb(
      'falls',
      'families that wait, as their prices would fall below half or to nothing',
      {},
      async (ask) => (await ask(admin.price.falls, {})).waiting,
    )
    .verb('accept <id>', 'lets the family in with these prices', {}, (ask, _options, id = '') =>
      ask(admin.price.accept, { id: whole(id) }),
    );
}

function priceOf({
  base,
  perSecond,
  defaultSeconds,
  perThousandCharacters,
  multipliers,
}: Omit<Set, 'provider'>): Price {
  return {
    base: whole(base),
    perSecond: optional(perSecond, number),
    defaultSeconds: optional(defaultSeconds, number),
    perThousandCharacters: optional(perThousandCharacters, number),
    multipliers: optional(multipliers, JSON.parse),
  };
}

const flat = ({ price, ...override }: PriceOverride) => ({ ...override, ...price });
