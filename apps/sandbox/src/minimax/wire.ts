import Type, { type Static } from 'typebox';
import { v2Pixels, videoV2Model } from './models.js';

const Picture = Type.String({ minLength: 1 });

/** `POST /v1/video_generation` */
export const VideoRequest = Type.Object({
  model: Type.String(),
  prompt: Type.Optional(Type.String({ maxLength: 2000 })),
  first_frame_image: Type.Optional(Picture),
  last_frame_image: Type.Optional(Picture),
  subject_reference: Type.Optional(
    Type.Array(
      Type.Object({ type: Type.Literal('character'), image: Type.Array(Picture, { minItems: 1, maxItems: 1 }) }),
      {
        minItems: 1,
        maxItems: 1,
      },
    ),
  ),
  prompt_optimizer: Type.Optional(Type.Boolean()),
  fast_pretreatment: Type.Optional(Type.Boolean()),
  duration: Type.Integer({ default: 6 }),
  resolution: Type.Optional(Type.String()),
  aigc_watermark: Type.Optional(Type.Boolean()),
  callback_url: Type.Optional(Type.String({ pattern: '^https?://' })),
});
export type VideoRequest = Static<typeof VideoRequest>;

const Url = Type.Object({ url: Type.String({ minLength: 1 }) });

/** `POST /v2/video_generation` */
export const VideoV2Request = Type.Object({
  model: Type.Literal(videoV2Model),
  content: Type.Array(
    Type.Union([
      Type.Object({ type: Type.Literal('text'), text: Type.String({ maxLength: 7000 }) }),
      Type.Object({
        type: Type.Literal('image_url'),
        image_url: Url,
        role: Type.Optional(Type.Enum(['first_frame', 'last_frame', 'reference_image'])),
      }),
      Type.Object({ type: Type.Literal('video_url'), video_url: Url, role: Type.Literal('reference_video') }),
      Type.Object({ type: Type.Literal('audio_url'), audio_url: Url, role: Type.Literal('reference_audio') }),
    ]),
  ),
  resolution: Type.Enum(Object.keys(v2Pixels), { default: '2K' }),
  duration: Type.Integer({ minimum: 4, maximum: 15, default: 5 }),
  ratio: Type.Enum(['adaptive', '21:9', '16:9', '4:3', '1:1', '3:4', '9:16'], { default: 'adaptive' }),
  aigc_watermark: Type.Optional(Type.Boolean()),
  callback_url: Type.Optional(Type.String({ pattern: '^https?://' })),
});
export type VideoV2Request = Static<typeof VideoV2Request>;

/** `POST /v1/image_generation` */
export const ImageRequest = Type.Object({
  model: Type.Enum(['image-01', 'image-01-live']),
  prompt: Type.String({ minLength: 1, maxLength: 1500 }),
  aspect_ratio: Type.Optional(Type.Enum(['1:1', '16:9', '4:3', '3:2', '2:3', '3:4', '9:16', '21:9'])),
  width: Type.Optional(Type.Integer({ minimum: 512, maximum: 2048, multipleOf: 8 })),
  height: Type.Optional(Type.Integer({ minimum: 512, maximum: 2048, multipleOf: 8 })),
  response_format: Type.Enum(['url', 'base64'], { default: 'url' }),
  n: Type.Integer({ minimum: 1, maximum: 9, default: 1 }),
  seed: Type.Optional(Type.Integer()),
  prompt_optimizer: Type.Optional(Type.Boolean()),
  subject_reference: Type.Optional(
    Type.Array(Type.Object({ type: Type.Literal('character'), image_file: Picture }), { minItems: 1, maxItems: 1 }),
  ),
});
export type ImageRequest = Static<typeof ImageRequest>;

/** `POST /v1/t2a_v2` */
export const SpeechRequest = Type.Object({
  model: Type.Enum(['speech-2.8-hd', 'speech-2.8-turbo', 'speech-02-hd', 'speech-02-turbo']),
  text: Type.String({ minLength: 1, maxLength: 10_000 }),
  stream: Type.Optional(Type.Literal(false)),
  voice_setting: Type.Optional(
    Type.Object({
      voice_id: Type.Optional(Type.String()),
      speed: Type.Optional(Type.Number({ minimum: 0.5, maximum: 2 })),
    }),
  ),
  audio_setting: Type.Optional(
    Type.Object({
      format: Type.Optional(Type.Enum(['mp3', 'pcm', 'wav'])),
      sample_rate: Type.Optional(Type.Enum([8000, 16000, 22050, 24000, 32000, 44100])),
      bitrate: Type.Optional(Type.Enum([32000, 64000, 128000, 256000])),
    }),
  ),
  output_format: Type.Enum(['hex', 'url'], { default: 'hex' }),
});
export type SpeechRequest = Static<typeof SpeechRequest>;
