import { startService } from '@doitong/support';
import { describeProviderContract } from '../kit/testing/index.js';
import { family } from './index.js';

const image = 'https://example.com/portrait.png';

describeProviderContract({
  family,
  reload: () => import('./index.js'),
  dedupes: true,
  startSandbox: (env) => startService('sandbox', env),
  tasks: {
    'portrait and text': (prompt) => ({
      provider: 'hedra',
      input: { image, text: 'Hello there.' },
      options: { prompt },
    }),
  },
});
