import { MinimaxCallbacks } from './callbacks.js';
import { MinimaxImages } from './images.js';
import { MinimaxController } from './minimax.controller.js';
import { MinimaxSpeech } from './speech.js';
import { MinimaxVideos } from './videos.js';

export const minimax = {
  controllers: [MinimaxController],
  providers: [MinimaxVideos, MinimaxImages, MinimaxSpeech, MinimaxCallbacks],
};
