import { AccountController } from './account.controller.js';
import { HistoryController } from './history.controller.js';
import { Speeches } from './speeches.js';
import { TextToSpeechController } from './text-to-speech.controller.js';

export const elevenlabs = {
  controllers: [TextToSpeechController, HistoryController, AccountController],
  providers: [Speeches],
};
