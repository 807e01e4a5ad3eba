import Type, { type Static, type TSchema } from 'typebox';

const nullable = (schema: TSchema) => Type.Optional(Type.Union([schema, Type.Null()]));
const Share = Type.Number({ minimum: 0, maximum: 1 });

/** Body of `POST /v1/text-to-speech/{voice_id}` and its variants. */
export const SpeechRequest = Type.Object({
  text: Type.String({ minLength: 1 }),
  model_id: Type.String({ default: 'eleven_multilingual_v2' }),
  language_code: nullable(Type.String()),
  voice_settings: Type.Optional(
    Type.Union([
      Type.Object({
        stability: nullable(Share),
        similarity_boost: nullable(Share),
        style: nullable(Share),
        use_speaker_boost: nullable(Type.Boolean()),
        speed: Type.Optional(Type.Union([Type.Number({ minimum: 0.7, maximum: 1.2 }), Type.Null()])),
      }),
      Type.Null(),
    ]),
  ),
  seed: nullable(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
  previous_text: nullable(Type.String()),
  next_text: nullable(Type.String()),
  previous_request_ids: nullable(Type.Array(Type.String(), { maxItems: 3 })),
  next_request_ids: nullable(Type.Array(Type.String(), { maxItems: 3 })),
  pronunciation_dictionary_locators: nullable(Type.Array(Type.Object({}), { maxItems: 3 })),
  apply_text_normalization: Type.Optional(Type.Enum(['auto', 'on', 'off'])),
  apply_language_text_normalization: Type.Optional(Type.Boolean()),
  use_pvc_as_ivc: Type.Optional(Type.Boolean()),
});
export type SpeechRequest = Static<typeof SpeechRequest>;

/** Beside the path. */
export interface SpeechQuery {
  output_format?: string;
  enable_logging?: string;
}
