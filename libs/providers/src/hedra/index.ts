import { familyManifest, type ProviderFamily } from '../kit/index.js';
import { adapter } from './adapter.js';
import { providers } from './models.js';

export const family: ProviderFamily = {
  manifest: familyManifest('hedra', providers),
  adapter,
  baseUrl: 'https://api.hedra.com',
};
