import { admin, type Generation } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';

export function generation(program: Command): void {
  new Noun(program, 'generation', 'one request of a customer and its life')
    .verb('show <generationId>', 'what is known of it, and of its attempts', {}, async (ask, _options, id = '') => {
      const { generation: found, attempts } = await ask(admin.generationShow, { id });
      return { ...found, attempts };
    })
    .verb('cancel <generationId>', 'ends it, free of charge', {}, (ask, _options, id = '') =>
      ask(admin.generationCancel, { id }),
    )
    .verb(
      'retry <generationId>',
      'makes a new generation of what one that failed or was cancelled was asked for; a repeat makes no other one',
      {},
      async (ask, _options, id = '') => brief(await ask(admin.generationRetry, { id })),
    );
}

const brief = ({ id, status, provider, model, creditCost }: Generation) => ({
  id,
  status,
  provider,
  model,
  creditCost,
});
