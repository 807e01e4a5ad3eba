import { admin } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';

export function ledger(program: Command): void {
  new Noun(program, 'ledger', 'all that was ever booked').verb(
    'verify',
    'recomputes what must hold; exit code 1 when it does not',
    {},
    async (ask) => {
      const found = await ask(admin.ledgerVerify, {});
      if (!found.balanced) process.exitCode = 1;
      return found;
    },
  );
}
