import {
  type generations,
  invalidInput,
  type ReplyOf,
  type RequestOf,
  type UsageBy,
  type usageReport,
} from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { UsageRepository } from './usage.repository.js';

/** As many as one reply carries with ease. */
const PAGE = 1_000;
const LONGEST_SPENDING_DAYS = 92;
const DAY_MS = 86_400_000;

const names: Record<UsageBy, string[]> = { model: ['provider', 'model'], account: ['accountId'], day: ['day'] };

/** What was asked for within a period, what it brought and what it cost. */
@Injectable()
export class UsageService {
  constructor(private readonly repository: UsageRepository) {}

  async report(asked: RequestOf<typeof usageReport>): Promise<ReplyOf<typeof usageReport>> {
    lengthMs(asked);
    const page = await this.repository.report(asked, PAGE);
    return {
      rows: page.map((row) => named(asked.by, row)),
      next: page.length === PAGE ? page.at(-1)!.common : null,
    };
  }

  async spending(asked: RequestOf<typeof generations.spending>): Promise<ReplyOf<typeof generations.spending>> {
    if (lengthMs(asked) > LONGEST_SPENDING_DAYS * DAY_MS) {
      throw invalidInput('to', `A period is ${LONGEST_SPENDING_DAYS} days long at most.`);
    }
    return { rows: (await this.repository.spending(asked)).map((row) => named(asked.by, row)) };
  }
}

function lengthMs({ from, to }: { from: string; to: string }): number {
  const ms = Date.parse(to) - Date.parse(from);
  if (ms <= 0) throw invalidInput('to', 'The period ends before it begins.');
  return ms;
}

/** What is common to a row, by its names. */
function named<Row extends { common: string[] }>(by: UsageBy, { common, ...row }: Row) {
  return { ...Object.fromEntries(names[by].map((name, at) => [name, common[at]])), ...row };
}
