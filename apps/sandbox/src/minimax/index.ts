import { MinimaxCallbacks } from './callbacks.js';
import { MinimaxImages } from './images.js';
import { MinimaxController } from './minimax.controller.js';
import { MinimaxV2Controller } from './minimax-v2.controller.js';
import { MinimaxSpeech } from './speech.js';
import { MinimaxVideos } from './videos.js';
import { MinimaxVideosV2 } from './videos-v2.js';

export const minimax = {
  controllers: [MinimaxController, MinimaxV2Controller],
  providers: [MinimaxVideos, MinimaxVideosV2, MinimaxImages, MinimaxSpeech, MinimaxCallbacks],
};
