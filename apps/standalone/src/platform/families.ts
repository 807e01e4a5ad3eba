import { family as blackForestLabs } from '@doitong/providers/black-forest-labs';
import { family as elevenlabs } from '@doitong/providers/elevenlabs';
import { family as hedra } from '@doitong/providers/hedra';
import { family as minimax } from '@doitong/providers/minimax';

/** The families that have a worker here. */
export const families = [blackForestLabs, elevenlabs, hedra, minimax];
