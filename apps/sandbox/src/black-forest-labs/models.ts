import Type, { type TSchema } from 'typebox';
import { table } from '../http/table.js';

const nullable = (schema: TSchema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Base64 = Type.String({ minLength: 1 });
const Side = Type.Integer({ minimum: 256, maximum: 1440, multipleOf: 32 });
const Margin = Type.Integer({ minimum: 0, maximum: 2048, default: 0 });

const common = (defaultFormat: 'jpeg' | 'png') => ({
  prompt_upsampling: Type.Optional(Type.Boolean()),
  seed: nullable(Type.Integer()),
  safety_tolerance: Type.Integer({ minimum: 0, maximum: 6, default: 2 }),
  output_format: Type.Enum(['jpeg', 'png', 'webp'], { default: defaultFormat }),
  webhook_url: nullable(Type.String({ minLength: 1, maxLength: 2083, pattern: '^https?://' })),
  webhook_secret: nullable(Type.String()),
});

const pixels = {
  prompt: Type.String({ default: '' }),
  image_prompt: nullable(Base64),
  width: { ...Side, default: 1024 },
  height: { ...Side, default: 768 },
};

const kontext = Type.Object({
  ...common('png'),
  prompt: Type.String({ minLength: 1 }),
  input_image: nullable(Base64),
  input_image_2: nullable(Base64),
  input_image_3: nullable(Base64),
  input_image_4: nullable(Base64),
  aspect_ratio: nullable(Type.String()),
});

const repaint = (most: number) => ({
  prompt: Type.String({ default: '' }),
  image: Base64,
  steps: nullable(Type.Integer({ minimum: 15, maximum: 50 })),
  guidance: nullable(Type.Number({ minimum: 1.5, maximum: most })),
});

interface FluxModel {
  body: TSchema;
  /** Price in credits of 0.01 USD. */
  cost: number;
  /** Seconds that it takes. */
  seconds: number;
  /** About how many pixels it makes where the request does not say. */
  pixels: number;
  /** Shape without `aspect_ratio` and image. */
  ratio: string;
}

const megapixel = 1_048_576;

/** By path after `/v1/`. What the vendor no longer lists, such as `flux-pro`, is not found. */
export const models: Record<string, FluxModel> = table({
  'flux-dev': {
    body: Type.Object({
      ...common('jpeg'),
      ...pixels,
      steps: nullable(Type.Integer({ minimum: 1, maximum: 50 })),
      guidance: nullable(Type.Number({ minimum: 1.5, maximum: 5 })),
    }),
    cost: 2.5,
    seconds: 5,
    pixels: megapixel,
    ratio: '4:3',
  },
  'flux-pro-1.1': {
    body: Type.Object({ ...common('jpeg'), ...pixels }),
    cost: 4,
    seconds: 5,
    pixels: megapixel,
    ratio: '4:3',
  },
  'flux-pro-1.1-ultra': {
    body: Type.Object({
      ...common('jpeg'),
      prompt: Type.String({ default: '' }),
      image_prompt: nullable(Base64),
      image_prompt_strength: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
      aspect_ratio: Type.String({ default: '16:9' }),
      raw: Type.Optional(Type.Boolean()),
    }),
    cost: 6,
    seconds: 10,
    pixels: 4 * megapixel,
    ratio: '16:9',
  },
  'flux-kontext-pro': { body: kontext, cost: 4, seconds: 8, pixels: megapixel, ratio: '1:1' },
  'flux-kontext-max': { body: kontext, cost: 8, seconds: 11, pixels: megapixel, ratio: '1:1' },
  'flux-pro-1.0-fill': {
    body: Type.Object({ ...common('jpeg'), ...repaint(100), mask: nullable(Base64) }),
    cost: 5,
    seconds: 9,
    pixels: megapixel,
    ratio: '1:1',
  },
  'flux-pro-1.0-expand': {
    body: Type.Object({ ...common('jpeg'), ...repaint(100), top: Margin, bottom: Margin, left: Margin, right: Margin }),
    cost: 5,
    seconds: 9,
    pixels: megapixel,
    ratio: '1:1',
  },
});
