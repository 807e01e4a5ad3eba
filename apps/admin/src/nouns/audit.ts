import { type AuditEntry, admin } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';
import { whole } from '../values.js';

export function audit(program: Command): void {
  new Noun(program, 'audit', 'who changed what').verb<{ account?: string; target?: string; first: string }>(
    'list',
    'the changes of operators and account holders, the newest first',
    {
      optional: {
        '--account <accountId>': 'only those that concern this account',
        '--target <id>':
          'only those of this account, key, generation, provider (its prices too), webhook endpoint or delivery',
        '--first <n>': 'how many at most (default: 50)',
      },
    },
    async (ask, { account: accountId, target, first = '50' }) => {
      const filter = { accountId, target, first: whole(first) };
      const kept = [admin.billingAudit, admin.generationsAudit, admin.webhooksAudit];
      const found = await Promise.all(kept.map((each) => ask(each, filter)));
      const all = found.flatMap(({ entries }) => entries).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
      return all.slice(0, filter.first).map(changed);
    },
  );
}

/** What of the target is another now. */
function changed({ before, after, ...entry }: AuditEntry) {
  const same = (name: string) => JSON.stringify(before?.[name]) === JSON.stringify(after?.[name]);
  const only = (of: Record<string, unknown> | null) =>
    of && Object.fromEntries(Object.entries(of).filter(([name]) => !same(name)));
  return { ...entry, before: only(before), after: only(after) };
}
