import { it } from '@jest/globals';
import { createTestDatabase, startService } from '../index.js';

it('never ends', async () => {
  await createTestDatabase();
  await startService('../../testing/support/src/__fixtures__/app', {});
  await new Promise(() => {});
});
