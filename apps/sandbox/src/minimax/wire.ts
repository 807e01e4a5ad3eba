import Type, { type Static } from 'typebox';

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
