import type { Provider, Type } from '@nestjs/common';
import { blackForestLabs } from './black-forest-labs/index.js';
import { elevenlabs } from './elevenlabs/index.js';
import { hedra } from './hedra/index.js';
import { minimax } from './minimax/index.js';

interface Family {
  controllers: Type[];
  providers: Provider[];
}

/** The vendors that the sandbox can be. A new one is a folder, and a line here. */
export const families: Family[] = [minimax, blackForestLabs, elevenlabs, hedra];
