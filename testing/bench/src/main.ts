import { fatal } from '@doitong/service-kit';
import { accept } from './accept.js';
import { choice } from './choice.js';
import { holds } from './holds.js';
import { lifecycle } from './lifecycle.js';
import { limits } from './limits.js';
import { read } from './read.js';
import { webhooks } from './webhooks/webhooks.js';

const benchmarks: Record<string, () => Promise<void>> = { accept, choice, holds, lifecycle, limits, read, webhooks };

const [name = ''] = process.argv.slice(2);
const chosen = name ? [benchmarks[name]] : Object.values(benchmarks);
if (chosen.includes(undefined)) fatal(`no benchmark "${name}"; there are: ${Object.keys(benchmarks).join(', ')}`);
try {
  for (const benchmark of chosen) await benchmark?.();
  process.exit(0);
} catch (error) {
  fatal(error);
}
