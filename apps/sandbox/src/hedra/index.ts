import { HedraFiles } from './files.js';
import { HedraController } from './hedra.controller.js';
import { HedraJobs } from './jobs.js';
import { HedraStream } from './stream.js';
import { HedraSubmits } from './submits.js';
import { HedraWebhooks } from './webhooks.js';

export const hedra = {
  controllers: [HedraController],
  providers: [HedraFiles, HedraJobs, HedraStream, HedraSubmits, HedraWebhooks],
};
