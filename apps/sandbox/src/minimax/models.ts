import { table } from '../http/table.js';
/** Pixels of the resolution words, landscape. 720P is not documented. */
export const landscape: Record<string, { width: number; height: number }> = {
  '512P': { width: 910, height: 512 },
  '720P': { width: 1280, height: 720 },
  '768P': { width: 1366, height: 768 },
  '1080P': { width: 1920, height: 1080 },
};

interface VideoModel {
  /** Resolution words and the seconds that each allows; the first is the default. */
  resolutions: Record<string, number[]>;
  text: boolean;
  firstFrame: boolean;
  lastFrame?: true;
  subject?: true;
  /** Seconds that six seconds of video take. */
  seconds: number;
}

const modern = { '768P': [6, 10], '1080P': [6] };
const classic = { '720P': [6] };

export const videoModels: Record<string, VideoModel> = table({
  'MiniMax-Hailuo-2.3': { resolutions: modern, text: true, firstFrame: true, seconds: 100 },
  'MiniMax-Hailuo-2.3-Fast': { resolutions: modern, text: false, firstFrame: true, seconds: 60 },
  'MiniMax-Hailuo-02': {
    resolutions: { ...modern, '512P': [6, 10] },
    text: true,
    firstFrame: true,
    lastFrame: true,
    seconds: 100,
  },
  'T2V-01-Director': { resolutions: classic, text: true, firstFrame: false, seconds: 120 },
  'T2V-01': { resolutions: classic, text: true, firstFrame: false, seconds: 120 },
  'I2V-01-Director': { resolutions: classic, text: false, firstFrame: true, seconds: 120 },
  'I2V-01-live': { resolutions: classic, text: false, firstFrame: true, seconds: 120 },
  'I2V-01': { resolutions: classic, text: false, firstFrame: true, seconds: 120 },
  'S2V-01': { resolutions: classic, text: false, firstFrame: false, subject: true, seconds: 120 },
});

/** The one model of interface V2. */
export const videoV2Model = 'MiniMax-H3';

/** About how many pixels its resolution words mean; the shape is a word of its own. */
export const v2Pixels: Record<string, number> = { '768P': 1366 * 768, '2K': 2560 * 1440 };

/** Pixels of `image-01`. */
export const imageSizes: Record<string, { width: number; height: number }> = {
  '1:1': { width: 1024, height: 1024 },
  '16:9': { width: 1280, height: 720 },
  '4:3': { width: 1152, height: 864 },
  '3:2': { width: 1248, height: 832 },
  '2:3': { width: 832, height: 1248 },
  '3:4': { width: 864, height: 1152 },
  '9:16': { width: 720, height: 1280 },
  '21:9': { width: 1344, height: 576 },
};
