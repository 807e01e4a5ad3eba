import { AccountsResolver } from '../accounts/accounts.resolver.js';
import { ApiKeysResolver } from '../api-keys/api-keys.resolver.js';
import { FlatResolver } from '../generations/flat.resolver.js';
import { GenerationsResolver } from '../generations/generations.resolver.js';
import { ProvidersResolver } from '../providers/providers.resolver.js';
import { WebhookDeliveriesResolver } from '../webhooks/deliveries.resolver.js';
import { WebhookEndpointsResolver } from '../webhooks/endpoints.resolver.js';

/** All that the schema is made of. */
export const resolvers = [
  AccountsResolver,
  ApiKeysResolver,
  FlatResolver,
  GenerationsResolver,
  ProvidersResolver,
  WebhookDeliveriesResolver,
  WebhookEndpointsResolver,
];
