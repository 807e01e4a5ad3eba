import { BlackForestLabsController } from './black-forest-labs.controller.js';
import { FluxResults } from './results.js';
import { FluxSubmits } from './submits.js';
import { FluxWebhooks } from './webhooks.js';

export const blackForestLabs = {
  controllers: [BlackForestLabsController],
  providers: [FluxSubmits, FluxResults, FluxWebhooks],
};
