import { startService } from '@doitong/support';
import { describeProviderContract } from '../kit/testing/index.js';
import { family } from './index.js';

describeProviderContract({
  family,
  reload: () => import('./index.js'),
  startSandbox: (env) => startService('sandbox', env),
  tasks: { image: (text) => ({ provider: 'flux-dev', input: { text } }) },
});
