import { AV_LOG_QUIET } from 'node-av/constants';
import { Log } from 'node-av/lib';
import type { MediaSpec } from '../specs.js';
import { renderImage } from './image.js';
import { renderSpeech } from './speech.js';
import { renderVideo } from './video.js';

export { probeFile } from './inputs.js';

// Failures are thrown; FFmpeg's own chatter goes to stderr past our log.
Log.setLevel(AV_LOG_QUIET);

/** Makes the file that `spec` describes at `path`. */
export function renderFile(spec: MediaSpec, path: string): Promise<void> {
  switch (spec.kind) {
    case 'image':
      return renderImage(spec, path);
    case 'speech':
      return renderSpeech(spec, path);
    case 'video':
      return renderVideo(spec, path);
  }
}
