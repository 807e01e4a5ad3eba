import { family as blackForestLabs } from './black-forest-labs/index.js';
import { family as elevenlabs } from './elevenlabs/index.js';
import { family as hedra } from './hedra/index.js';
import type { ProviderFamily } from './kit/index.js';
import { family as minimax } from './minimax/index.js';

/** Every family, by its name, which is that of its folder. */
export const families = {
  'black-forest-labs': blackForestLabs,
  elevenlabs,
  hedra,
  minimax,
} satisfies Record<string, ProviderFamily>;

export type FamilyName = keyof typeof families;
