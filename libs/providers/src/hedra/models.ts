import type { ModelManifest } from '@doitong/contracts';
import { type Model, optionsSchema, type Provider } from '../kit/index.js';

/** The vendor's name for the model. */
export interface AvatarWire {
  model: string;
}

const options = optionsSchema({
  voice: {
    type: 'string',
    minLength: 1,
    maxLength: 100,
    description:
      'Who speaks input.text: a name of a Hedra voice, or its id (voice_…). Takes the place of input.voice; a default voice when neither is given.',
  },
  speed: { type: 'number', minimum: 0.7, maximum: 1.2, default: 1, description: 'Speed of speech, 1 being normal.' },
  language: {
    type: 'string',
    minLength: 1,
    maxLength: 40,
    default: 'auto',
    description: 'Language of input.text by its English name, such as "French", or "auto".',
  },
  prompt: {
    type: 'string',
    minLength: 1,
    maxLength: 2_000,
    default: 'A person talking to the camera.',
    description: 'What is to be seen: manner, movement, surroundings.',
  },
  aspectRatio: {
    type: 'string',
    enum: ['9:16', '16:9', '1:1', '3:4', '4:3', '9:21', '21:9'],
    default: '9:16',
    description: 'Shape of the video.',
  },
  resolution: { type: 'string', enum: ['540p', '720p', '1080p'], default: '720p', description: 'Height of the video.' },
  duration: {
    type: 'number',
    minimum: 0.5,
    maximum: 600,
    description:
      'Length in seconds: the speech is cut or padded to it, and the price is known at once. As long as the speech when absent, and priced by that.',
  },
});

/**
 * The text limit is that of the speech model. Expected seconds: the vendor's examples tell 61 to 90.
 * Price: the vendor's example of 0.25 USD for 5 s, 2 credits for 0.001 USD; see README.md for what is assumed.
 */
const base = {
  lifecycle: 'ACTIVE',
  inputs: { text: 'optional', image: 'required', audio: 'optional', voice: 'optional' },
  maxCharacters: 5_000,
  options,
  adjustments: [],
  price: {
    base: 0,
    perSecond: 100,
    defaultSeconds: 15,
    perThousandCharacters: 200,
    multipliers: { resolution: { '540p': 0.75, '1080p': 1.5 } },
  },
  lengthFrom: 'sound',
  expectedSeconds: 75,
  deadlineSeconds: 1_800,
} satisfies Partial<ModelManifest>;

const models: Model<AvatarWire>[] = [
  {
    ...base,
    id: 'hedra-character-3',
    name: 'Hedra Character 3',
    qualityRank: 85,
    speedRank: 50,
    wire: { model: 'hedra-character-3' },
  },
  {
    ...base,
    id: 'hedra-avatar',
    name: 'Hedra Avatar',
    qualityRank: 80,
    speedRank: 60,
    wire: { model: 'hedra-avatar' },
  },
];

export const providers: Provider<AvatarWire>[] = [
  {
    id: 'hedra',
    aliases: [],
    name: 'Hedra',
    description: 'A portrait that speaks a text or an audio file.',
    type: 'AVATAR',
    features: ['portrait and text', 'portrait and audio', 'voices by name or id'],
    limitations: [
      'Needs input.image, and either input.text or input.audio',
      'Image up to 10 MB; audio of 0.5 to 600 seconds, up to 100 MB',
      'Cannot be stopped once begun',
    ],
    models,
  },
];
