import type { Adjustment, ModelManifest } from '@doitong/contracts';
import { type Model, optionsSchema, type Provider } from '../kit/index.js';

/** Which of the vendor's two interfaces makes it, and the vendor's name for the model. */
export interface MinimaxWire {
  api: 'video' | 'image';
  model: string;
}

/** Of our `style` and `camera`, which are added to the prompt and count against the vendor's limit. */
const promptRoom = 150;
const styleLength = 100;

const style = {
  type: 'string',
  minLength: 1,
  maxLength: styleLength,
  description:
    'Visual style in free words, such as "cinematic". MiniMax has no field for it: it is added to the prompt.',
};
const promptOptimizer = {
  type: 'boolean',
  default: true,
  description: 'Lets MiniMax rewrite the prompt in more detail.',
};

/** Options of the V1 video models. `resolutions` without 720p, which is always taken for 768p. */
function videoOptions(resolutions: string[]) {
  return optionsSchema({
    duration: { type: 'integer', enum: [6, 10], default: 6, description: 'Length in seconds.' },
    resolution: {
      type: 'string',
      enum: [...resolutions, '720p'],
      default: '768p',
      description: '1080p is for 6 seconds only; 10 seconds at 1080p are made at 768p. 720p is made at 768p.',
    },
    style,
    camera: {
      type: 'string',
      enum: ['push in', 'pull out', 'pan left', 'pan right', 'tilt up', 'tilt down', 'zoom in', 'zoom out'].concat([
        'truck left',
        'truck right',
        'pedestal up',
        'pedestal down',
        'shake',
        'tracking shot',
        'static shot',
      ]),
      description: 'Camera move, added to the prompt.',
    },
    promptOptimizer,
  });
}

const videoAdjustments: Adjustment[] = [
  {
    when: { duration: 10, resolution: '1080p' },
    set: { resolution: '768p' },
    because: 'MiniMax makes 10 seconds at 768p at most, so resolution is 768p instead of 1080p.',
  },
  {
    when: { resolution: '720p' },
    set: { resolution: '768p' },
    because: 'MiniMax has no 720p, so resolution is 768p.',
  },
];

/**
 * What all V1 video models share. 2,000 characters of prompt are the vendor's limit. Expected seconds are an estimate, not the vendor's word.
 */
const video = {
  lifecycle: 'ACTIVE',
  maxCharacters: 2_000 - promptRoom,
  options: videoOptions(['768p', '1080p']),
  adjustments: videoAdjustments,
  expectedSeconds: 120,
  deadlineSeconds: 1_200,
} satisfies Partial<ModelManifest>;

const textOnly = { text: 'required', image: 'unsupported', audio: 'unsupported', voice: 'unsupported' } as const;
const imageFirst = { ...textOnly, text: 'optional', image: 'required' } as const;

/**
 * Prices in credits are twice the vendor's US dollars, at 1 credit = 0.001 USD; see README.md for the dollars. `vendorPrice` is where
 * there is a source of them, which README.md names, with what is unverified of it.
 */
const videoModels: Model<MinimaxWire>[] = [
  {
    ...video,
    id: 'MiniMax-Hailuo-02',
    name: 'Hailuo 02',
    inputs: textOnly,
    price: { base: 560, multipliers: { duration: { '10': 2 }, resolution: { '1080p': 1.75 } } },
    vendorPrice: { base: 280_000, multipliers: { duration: { '10': 2 }, resolution: { '1080p': 1.75 } } },
    qualityRank: 78,
    speedRank: 50,
    wire: { api: 'video', model: 'MiniMax-Hailuo-02' },
  },
  {
    ...video,
    id: 'HailuoI2V',
    name: 'Hailuo 02 image to video',
    inputs: imageFirst,
    options: videoOptions(['512p', '768p', '1080p']),
    price: { base: 560, multipliers: { duration: { '10': 2 }, resolution: { '512p': 0.36, '1080p': 1.75 } } },
    vendorPrice: {
      base: 280_000,
      multipliers: { duration: { '10': 2 }, resolution: { '512p': 10 / 28, '1080p': 1.75 } },
    },
    qualityRank: 78,
    speedRank: 50,
    wire: { api: 'video', model: 'MiniMax-Hailuo-02' },
  },
  {
    ...video,
    id: 'MiniMax-Hailuo-2.3',
    name: 'Hailuo 2.3',
    inputs: { ...textOnly, image: 'optional' },
    price: { base: 560, multipliers: { duration: { '10': 2 }, resolution: { '1080p': 1.75 } } },
    qualityRank: 82,
    speedRank: 48,
    wire: { api: 'video', model: 'MiniMax-Hailuo-2.3' },
  },
  {
    ...video,
    id: 'MiniMax-Hailuo-2.3-Fast',
    name: 'Hailuo 2.3 Fast',
    inputs: imageFirst,
    price: { base: 380, multipliers: { duration: { '10': 1.7 }, resolution: { '1080p': 1.75 } } },
    expectedSeconds: 70,
    qualityRank: 74,
    speedRank: 65,
    wire: { api: 'video', model: 'MiniMax-Hailuo-2.3-Fast' },
  },
];

const imageModels: Model<MinimaxWire>[] = [
  {
    id: 'image-01',
    name: 'MiniMax Image 01',
    lifecycle: 'ACTIVE',
    inputs: { ...textOnly, image: 'optional' },
    maxCharacters: 1_500 - promptRoom,
    options: optionsSchema({
      aspectRatio: {
        type: 'string',
        enum: ['1:1', '16:9', '4:3', '3:2', '2:3', '3:4', '9:16', '21:9'],
        default: '1:1',
        description: 'Shape of the image: 1:1 is 1024×1024 pixels, 16:9 is 1280×720.',
      },
      style,
      seed: {
        type: 'integer',
        minimum: 0,
        maximum: 2_147_483_647,
        description: 'The same seed and prompt give a similar image. Random when absent.',
      },
      promptOptimizer: { ...promptOptimizer, default: false },
    }),
    adjustments: [],
    price: { base: 7 },
    vendorPrice: { base: 3_500 },
    expectedSeconds: 15,
    deadlineSeconds: 180,
    qualityRank: 60,
    speedRank: 60,
    wire: { api: 'image', model: 'image-01' },
  },
];

export const providers: Provider<MinimaxWire>[] = [
  {
    id: 'minimax',
    aliases: ['hailuo'],
    name: 'MiniMax Hailuo',
    description: 'Video from text or from a first frame.',
    type: 'VIDEO',
    features: ['text to video', 'image to video', 'camera moves'],
    limitations: [
      '6 or 10 seconds; 10 seconds at 768p at most',
      'Text to video is 16:9; with an image the frame follows the image',
      'No sound, no seed, cannot be stopped once begun',
    ],
    models: videoModels,
  },
  {
    id: 'minimax-image',
    aliases: [],
    name: 'MiniMax Image',
    description: 'Images from text, with an optional picture of the person to show.',
    type: 'IMAGE',
    features: ['text to image', 'character reference'],
    limitations: ['One image a generation', 'An image input is a reference for a person, not a picture to edit'],
    models: imageModels,
  },
];
