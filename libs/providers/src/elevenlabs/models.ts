import type { ModelManifest } from '@doitong/contracts';
import { type Model, optionsSchema, type Provider } from '../kit/index.js';
import { voiceSchema } from './voices.js';

/** `tags`: an emotion is a word in brackets before the text. `settings`: it is a pair of stability and style. */
export interface SpeechWire {
  model: string;
  emotion: 'tags' | 'settings';
}

interface Expression {
  tag: string;
  stability: number;
  style: number;
}

/** How an emotion is told to each kind of model. The numbers are ours: the livelier, the less stability and the more style. */
export const emotions: Record<string, Expression> = {
  calm: { tag: 'calm', stability: 0.75, style: 0 },
  serious: { tag: 'serious', stability: 0.65, style: 0.1 },
  happy: { tag: 'happy', stability: 0.4, style: 0.4 },
  excited: { tag: 'excited', stability: 0.3, style: 0.6 },
  sad: { tag: 'sad', stability: 0.45, style: 0.45 },
  angry: { tag: 'angry', stability: 0.3, style: 0.65 },
  fearful: { tag: 'fearful', stability: 0.35, style: 0.5 },
  surprised: { tag: 'surprised', stability: 0.35, style: 0.5 },
};

const fraction = { type: 'number', minimum: 0, maximum: 1 };
const options = {
  voice: voiceSchema,
  emotion: {
    type: 'string',
    enum: ['neutral', ...Object.keys(emotions)],
    default: 'neutral',
    description: 'How it is spoken. Told through stability and style, where you set neither.',
  },
  speed: { type: 'number', minimum: 0.7, maximum: 1.2, default: 1, description: 'Speed of speech, 1 being normal.' },
  stability: { ...fraction, description: 'From lively (0) to even (1). 0.5 unless `emotion` says otherwise.' },
  similarityBoost: { ...fraction, default: 0.75, description: 'How close to stay to the original voice.' },
  styleExaggeration: {
    ...fraction,
    description: 'How much to exaggerate the style of the voice. 0 unless `emotion` says otherwise.',
  },
  seed: {
    type: 'integer',
    minimum: 0,
    maximum: 4_294_967_295,
    description: 'The same seed and text give similar speech. Random when absent.',
  },
  textNormalization: {
    type: 'string',
    enum: ['auto', 'on', 'off'],
    default: 'auto',
    description: 'Whether numbers, dates and the like are spelled out before they are spoken.',
  },
  outputFormat: {
    type: 'string',
    enum: ['mp3_44100_128', 'mp3_44100_192', 'mp3_44100_64', 'mp3_22050_32'].concat([
      'wav_44100',
      'wav_24000',
      'wav_16000',
      'pcm_24000',
      'pcm_16000',
    ]),
    default: 'mp3_44100_128',
    description: 'Format, sample rate in Hz and, for mp3, bit rate in kbit/s. pcm is raw 16-bit mono.',
  },
};
const languageCode = {
  type: 'string',
  pattern: '^[a-z]{2}$',
  description: 'Language of the text, ISO 639-1. Detected when absent.',
};

/** The vendor's longest wait is 240 s by its own client. */
const base = {
  lifecycle: 'ACTIVE',
  inputs: { text: 'required', image: 'unsupported', audio: 'unsupported', voice: 'optional' },
  options: optionsSchema({ ...options, languageCode }),
  adjustments: [],
  expectedSeconds: 4,
  deadlineSeconds: 300,
} satisfies Partial<ModelManifest>;

/** Prices in credits are twice the vendor's assumed US dollars, at 1 credit = 0.001 USD; see README.md. */
const models: Model<SpeechWire>[] = [
  {
    ...base,
    id: 'eleven_multilingual_v2',
    name: 'Eleven Multilingual v2',
    options: optionsSchema(options),
    maxCharacters: 10_000,
    price: { base: 0, perThousandCharacters: 200 },
    qualityRank: 85,
    speedRank: 65,
    wire: { model: 'eleven_multilingual_v2', emotion: 'settings' },
  },
  {
    ...base,
    id: 'eleven_v3',
    name: 'Eleven v3',
    options: optionsSchema({
      ...options,
      languageCode,
      emotion: { ...options.emotion, description: 'How it is spoken. Put before the text as an audio tag.' },
      stability: {
        type: 'number',
        enum: [0, 0.5, 1],
        default: 0.5,
        description: '0 is creative, 0.5 natural, 1 robust. The higher, the weaker the effect of `emotion`.',
      },
      styleExaggeration: { ...fraction, default: 0, description: 'How much to exaggerate the style of the voice.' },
    }),
    // 5,000 with the tag.
    maxCharacters: 4_980,
    price: { base: 0, perThousandCharacters: 200 },
    expectedSeconds: 8,
    qualityRank: 92,
    speedRank: 50,
    wire: { model: 'eleven_v3', emotion: 'tags' },
  },
  {
    ...base,
    id: 'eleven_flash_v2_5',
    name: 'Eleven Flash v2.5',
    maxCharacters: 40_000,
    price: { base: 0, perThousandCharacters: 100 },
    expectedSeconds: 2,
    qualityRank: 70,
    speedRank: 95,
    wire: { model: 'eleven_flash_v2_5', emotion: 'settings' },
  },
  {
    ...base,
    id: 'eleven_turbo_v2_5',
    name: 'Eleven Turbo v2.5',
    lifecycle: 'DEPRECATED',
    successor: 'eleven_flash_v2_5',
    maxCharacters: 40_000,
    price: { base: 0, perThousandCharacters: 100 },
    expectedSeconds: 2,
    qualityRank: 70,
    speedRank: 85,
    wire: { model: 'eleven_turbo_v2_5', emotion: 'settings' },
  },
];

export const providers: Provider<SpeechWire>[] = [
  {
    id: 'elevenlabs',
    aliases: [],
    name: 'ElevenLabs',
    description: 'Speech from text, in many voices and languages.',
    type: 'AUDIO',
    features: ['text to speech', 'voices by name or id', 'emotion', 'seed'],
    limitations: [
      'Audio tags such as [laughs] are understood by eleven_v3 only; other models read them aloud',
      'Cannot be stopped once begun',
    ],
    models,
  },
];
