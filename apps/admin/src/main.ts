import { DoitongError } from '@doitong/contracts';
import { Command } from 'commander';
import { account } from './nouns/account.js';
import { audit } from './nouns/audit.js';
import { credits } from './nouns/credits.js';
import { generation } from './nouns/generation.js';
import { key } from './nouns/key.js';
import { ledger } from './nouns/ledger.js';
import { plan } from './nouns/plan.js';
import { price } from './nouns/price.js';
import { provider } from './nouns/provider.js';
import { usage } from './nouns/usage.js';
import { webhook } from './nouns/webhook.js';
import { visible, visibleLines } from './visible.js';

const program = new Command('admin').description(
  'The operator’s side of Doitong. Speaks to the platform at NATS_URL, or to the standalone that runs on DATA_DIR (default: .data).',
);
for (const noun of [account, audit, credits, generation, key, ledger, plan, price, provider, usage, webhook])
  noun(program);

try {
  await program.parseAsync();
} catch (error) {
  const told = error instanceof DoitongError ? refusal(error) : (error as Error).message;
  process.stderr.write(`${visibleLines(told)}\n`);
  process.exitCode = 1;
}

function refusal({ body: { code, message, field, allowed } }: DoitongError): string {
  const details = [field && `field: ${field}`, allowed !== undefined && `allowed: ${JSON.stringify(allowed)}`];
  return [`${code}: ${visible(message)}`, ...details.filter(Boolean)].join('\n  ');
}
