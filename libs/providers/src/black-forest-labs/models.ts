import type { ModelManifest } from '@doitong/contracts';
import { type Model, optionsSchema, type Provider } from '../kit/index.js';

/** Path of the model below /v1, how its size is told, and how it takes an input image. */
export interface FluxWire {
  path: string;
  size: 'pixels' | 'ratio';
  image: 'base64-prompt' | 'url-input';
}

/** Pixels of each shape on models that take width and height: multiples of 32 up to 1440, about one megapixel. */
export const pixels: Record<string, [width: number, height: number]> = {
  '21:9': [1440, 608],
  '16:9': [1376, 768],
  '3:2': [1248, 832],
  '4:3': [1024, 768],
  '1:1': [1024, 1024],
  '3:4': [768, 1024],
  '2:3': [832, 1248],
  '9:16': [768, 1376],
  '9:21': [608, 1440],
};

/** Steps of flux-dev by `quality`; 28 is the vendor's default, 50 its most. */
export const stepsOfQuality: Record<string, number> = { standard: 28, high: 50 };

const side = { type: 'integer', minimum: 256, maximum: 1440, multipleOf: 32 };
const common = {
  seed: {
    type: 'integer',
    minimum: 0,
    maximum: 2_147_483_647,
    description: 'The same seed, prompt and size give the same image. Random when absent.',
  },
  promptUpsampling: { type: 'boolean', default: false, description: 'Lets FLUX rewrite the prompt in more detail.' },
  safetyTolerance: {
    type: 'integer',
    minimum: 0,
    maximum: 6,
    default: 2,
    description: 'Moderation of prompt and image, from 0 (strict) to 6 (lax).',
  },
  outputFormat: { type: 'string', enum: ['jpeg', 'png', 'webp'], default: 'jpeg', description: 'File format.' },
};
const shape = {
  type: 'string',
  enum: Object.keys(pixels),
  description: 'Shape of the image, width to height.',
};
const pixelOptions = {
  aspectRatio: { ...shape, default: '4:3' },
  width: { ...side, description: 'Width in pixels, together with `height`. Both take the place of `aspectRatio`.' },
  height: { ...side, description: 'Height in pixels, together with `width`.' },
  ...common,
};
const devOptions = {
  ...pixelOptions,
  quality: {
    type: 'string',
    enum: Object.keys(stepsOfQuality),
    default: 'standard',
    description: 'standard takes 28 steps, high takes 50. `steps` takes its place.',
  },
  steps: { type: 'integer', minimum: 1, maximum: 50, description: 'Number of denoising steps.' },
  guidance: {
    type: 'number',
    minimum: 1.5,
    maximum: 5,
    default: 3,
    description: 'How closely the image follows the prompt.',
  },
};
const ultraOptions = {
  aspectRatio: { ...shape, default: '16:9' },
  quality: {
    type: 'string',
    enum: ['standard', 'high', 'ultra'],
    default: 'ultra',
    description: 'Ultra has the one quality, about 4 megapixels: standard and high are made as ultra.',
  },
  raw: { type: 'boolean', default: false, description: 'A less processed, more photographic look.' },
  imagePromptStrength: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    default: 0.1,
    description: 'How much an input image counts against the prompt.',
  },
  ...common,
};
const kontextOptions = {
  aspectRatio: { ...shape, description: 'Shape of the image. Follows the input image when absent.' },
  ...common,
  outputFormat: { ...common.outputFormat, default: 'png' },
};

const inputs = { text: 'required', image: 'optional', audio: 'unsupported', voice: 'unsupported' } as const;

/** The vendor names no limit of the prompt; ours keeps requests small. It tells 3 to 30 seconds for images. */
const base = {
  lifecycle: 'ACTIVE',
  inputs,
  maxCharacters: 5_000,
  adjustments: [],
  deadlineSeconds: 180,
} satisfies Partial<ModelManifest>;

const pro11 = {
  ...base,
  id: 'flux-pro-1.1',
  name: 'FLUX1.1 [pro]',
  options: pixelSchema(pixelOptions),
  vendorPrice: { base: 40_000 },
  expectedSeconds: 6,
  qualityRank: 85,
  speedRank: 75,
  wire: { path: 'flux-pro-1.1', size: 'pixels', image: 'base64-prompt' },
} satisfies Partial<Model<FluxWire>>;

const ultraOnly = (quality: string) => ({
  when: { quality },
  set: { quality: 'ultra' },
  because: `FLUX1.1 [pro] Ultra has one quality, so quality is ultra instead of ${quality}.`,
});

/**
 * Prices in credits are our published ones for Flux Dev, Pro, Pro 1.1 and Ultra; Kontext's are twice the vendor's dollars. `vendorPrice` is
 * its list's, for answers that tell no cost. See README.md for both.
 */
export const providers: Provider<FluxWire>[] = [
  provider('flux-dev', 'Flux Dev', 'FLUX.1 [dev]: quick images from text.', [
    {
      ...base,
      id: 'flux-dev',
      name: 'FLUX.1 [dev]',
      options: pixelSchema(devOptions),
      price: { base: 50 },
      vendorPrice: { base: 25_000 },
      expectedSeconds: 5,
      qualityRank: 65,
      speedRank: 80,
      wire: { path: 'flux-dev', size: 'pixels', image: 'base64-prompt' },
    },
  ]),
  provider('flux-pro', 'Flux Pro', 'The FLUX pro line at its first price, now served by FLUX1.1 [pro].', [
    {
      ...base,
      id: 'flux-pro',
      name: 'FLUX.1 [pro]',
      lifecycle: 'RETIRED',
      successor: 'flux-pro-1.1',
      options: pixelSchema(pixelOptions),
      price: { base: 100 },
      vendorPrice: { base: 40_000 },
      expectedSeconds: 8,
      qualityRank: 70,
      speedRank: 60,
      // The vendor has no path of this name any more, and its clients send the name here.
      wire: { path: 'flux-pro-1.1', size: 'pixels', image: 'base64-prompt' },
    },
    { ...pro11, price: { base: 100 } },
  ]),
  provider('flux-pro-1.1', 'Flux Pro 1.1', 'FLUX1.1 [pro]: fast images of high quality.', [
    { ...pro11, price: { base: 250 } },
  ]),
  provider('flux-ultra', 'Flux Pro 1.1 Ultra', 'FLUX1.1 [pro] Ultra: images of about 4 megapixels.', [
    {
      ...base,
      id: 'flux-pro-1.1-ultra',
      name: 'FLUX1.1 [pro] Ultra',
      options: optionsSchema(ultraOptions),
      adjustments: [ultraOnly('standard'), ultraOnly('high')],
      price: { base: 200 },
      vendorPrice: { base: 60_000 },
      expectedSeconds: 12,
      qualityRank: 92,
      speedRank: 55,
      wire: { path: 'flux-pro-1.1-ultra', size: 'ratio', image: 'base64-prompt' },
    },
  ]),
  provider('flux-kontext', 'Flux Kontext', 'FLUX.1 Kontext: edits an image as the text says, or makes one.', [
    {
      ...base,
      id: 'flux-kontext-pro',
      name: 'FLUX.1 Kontext [pro]',
      options: optionsSchema(kontextOptions),
      price: { base: 80 },
      vendorPrice: { base: 40_000 },
      expectedSeconds: 10,
      qualityRank: 80,
      speedRank: 65,
      wire: { path: 'flux-kontext-pro', size: 'ratio', image: 'url-input' },
    },
    {
      ...base,
      id: 'flux-kontext-max',
      name: 'FLUX.1 Kontext [max]',
      options: optionsSchema(kontextOptions),
      price: { base: 160 },
      vendorPrice: { base: 80_000 },
      expectedSeconds: 15,
      qualityRank: 88,
      speedRank: 55,
      wire: { path: 'flux-kontext-max', size: 'ratio', image: 'url-input' },
    },
  ]),
];

function provider(id: string, name: string, description: string, models: Model<FluxWire>[]): Provider<FluxWire> {
  const edits = models[0]?.wire.image === 'url-input';
  return {
    id,
    aliases: [],
    name,
    description,
    type: 'IMAGE',
    features: ['text to image', edits ? 'image editing' : 'image prompt', 'seed'],
    limitations: ['One image a generation', 'Cannot be stopped once begun'],
    models,
  };
}

function pixelSchema(properties: Parameters<typeof optionsSchema>[0]) {
  return { ...optionsSchema(properties), dependencies: { width: ['height'], height: ['width'] } };
}
