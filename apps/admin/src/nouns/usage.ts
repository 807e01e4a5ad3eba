import { admin, type Mode, type ReplyOf, type UsageBy, type UsageRow } from '@doitong/contracts';
import type { Command } from 'commander';
import type { Ask } from '../ask.js';
import { Noun } from '../noun.js';
import { asCsv } from '../output.js';
import { instant, optional, whole } from '../values.js';

type Period = { from: string; to: string; by: UsageBy; mode?: Mode };

export function usage(program: Command): void {
  new Noun(program, 'usage', 'what was generated, what it brought and what it cost').verb<{
    from: string;
    to?: string;
    by: UsageBy;
    mode?: Mode;
    creditMicroUsd?: string;
    csv?: boolean;
  }>(
    'report',
    'generations by how they ended, credits that were captured, and what vendors charge',
    {
      required: {
        '--from <instant>': 'accepted from then on, ISO 8601; a day begins at midnight UTC',
        '--by <what>': 'model, account or day',
      },
      optional: {
        '--to <instant>': 'accepted before (default: now)',
        '--mode <mode>': 'live or test (default: both); the sandbox charges nothing',
        '--credit-micro-usd <n>': 'what a credit is worth: then the margin is told too',
        '--csv': 'CSV in place of a table',
      },
    },
    async (ask, { from, to, by, mode, creditMicroUsd, csv }) => {
      const period = { from: instant(from), to: optional(to, instant) ?? new Date().toISOString(), by, mode };
      const worth = optional(creditMicroUsd, whole);
      const rows = await all(ask, period);
      const told = worth === undefined ? rows : rows.map((row) => ({ ...row, marginMicroUsd: marginOf(row, worth) }));
      return csv ? asCsv(told) : told;
    },
  );
}

async function all(ask: Ask, period: Period): Promise<UsageRow[]> {
  const rows: UsageRow[] = [];
  let next: ReplyOf<typeof admin.usageReport>['next'] | undefined;
  while (next !== null) {
    const page: ReplyOf<typeof admin.usageReport> = await ask(admin.usageReport, { ...period, after: next });
    rows.push(...page.rows);
    next = page.next;
  }
  return rows;
}

/** Less by what is not known of the attempts of unknown cost. */
const marginOf = ({ capturedCredits, vendorCostMicroUsd }: UsageRow, creditMicroUsd: number) =>
  capturedCredits * creditMicroUsd - vendorCostMicroUsd;
