import { randomUUID } from 'node:crypto';
import { admin } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';
import { optional, whole } from '../values.js';

const ONCE = 'names this change: a repeat of the same reference changes nothing (default: a new one)';

export function credits(program: Command): void {
  new Noun(program, 'credits', 'what an account can spend')
    .verb<{ credits: string; reference?: string; promotion?: boolean; priority?: string; expires?: string }>(
      'add <accountId>',
      'gives credits',
      {
        required: { '--credits <n>': 'how many' },
        optional: {
          '--reference <text>': ONCE,
          '--promotion': 'given away, not paid for; used up first',
          '--priority <n>': 'the lower, the sooner used up (default: 100, of a promotion 10)',
          '--expires <instant>': 'ISO 8601 (default: never)',
        },
      },
      (ask, { credits: many, reference = randomUUID(), promotion, priority, expires }, accountId = '') =>
        ask(admin.creditsAdd, {
          accountId,
          reference,
          credits: whole(many),
          kind: promotion ? 'PROMOTION' : 'TOP_UP',
          priority: optional(priority, whole),
          expiresAt: expires,
        }),
    )
    .verb<{ credits: string; reason: string; reference?: string }>(
      'adjust <accountId>',
      'gives credits, or takes them, by hand',
      {
        required: { '--credits <n>': 'how many; below zero to take', '--reason <text>': 'for the history' },
        optional: { '--reference <text>': ONCE },
      },
      (ask, { credits: many, reason, reference = randomUUID() }, accountId = '') =>
        ask(admin.creditsAdjust, { accountId, reference, reason, credits: whole(many) }),
    )
    .verb<{ reason: string; credits?: string }>(
      'refund <generationId>',
      'gives back what a generation cost, or part of it',
      {
        required: { '--reason <text>': 'for the history' },
        optional: { '--credits <n>': 'how many (default: all that it cost)' },
      },
      (ask, { reason, credits: many }, generationId = '') =>
        ask(admin.creditsRefund, { generationId, reason, credits: optional(many, whole) }),
    )
    .verb<{ first: string; after?: string }>(
      'history <accountId>',
      'what came and went, the newest first',
      {
        optional: { '--first <n>': 'how many at most (default: 50)', '--after <id>': 'only those older than this one' },
      },
      async (ask, { first = '50', after }, accountId = '') =>
        (await ask(admin.creditsHistory, { accountId, first: whole(first), after: optional(after, whole) }))
          .transactions,
    );
}
