import { admin } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';

export function provider(program: Command): void {
  new Noun(program, 'provider', 'what generates')
    .verb(
      'list',
      'all providers, and why one serves nobody',
      {},
      async (ask) => (await ask(admin.providerList, {})).providers,
    )
    .verb<{ reason: string }>(
      'disable <provider>',
      'gives it no new work until it is enabled; what runs there, ends',
      { required: { '--reason <text>': 'for the other operators' } },
      (ask, { reason }, name = '') => ask(admin.providerDisable, { provider: name, reason }),
    )
    .verb('enable <provider>', 'gives it work again', {}, (ask, _options, name = '') =>
      ask(admin.providerEnable, { provider: name }),
    );
}
