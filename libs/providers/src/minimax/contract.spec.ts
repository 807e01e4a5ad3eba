import { startService } from '@doitong/support';
import { describeProviderContract } from '../kit/testing/index.js';
import { family } from './index.js';

describeProviderContract({
  family,
  reload: () => import('./index.js'),
  startSandbox: (env) => startService('sandbox', env),
  tasks: { video: (text) => ({ provider: 'minimax', input: { text } }) },
  answers: { image: (text) => ({ provider: 'minimax-image', input: { text } }) },
});
