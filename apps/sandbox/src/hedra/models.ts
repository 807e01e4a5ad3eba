import Type, { type Static } from 'typebox';
import { table } from '../http/table.js';

const aspectRatios = ['1:1', '4:3', '3:4', '16:9', '9:16', '9:21', '21:9'];
const resolutions = ['540p', '720p', '1080p'];

const closed = { additionalProperties: false };
const Reference = Type.Union([
  Type.Object({ source: Type.Literal('url'), url: Type.String({ minLength: 1 }) }, closed),
  Type.Object({ source: Type.Literal('asset'), asset_id: Type.String({ minLength: 1 }) }, closed),
]);
export type Reference = Static<typeof Reference>;

const Point = Type.Array(Type.Number({ minimum: 0, maximum: 1 }), { minItems: 2, maxItems: 2 });

const envelope = {
  webhook: Type.Optional(Type.Union([Type.String({ pattern: '^https?://' }), Type.Null()])),
  /** What the vendor once read, in place of the header `Idempotency-Key`. It decides nothing here. */
  idempotency_key: Type.Optional(Type.Unknown()),
};

/** `POST /v3/models/hedra-character-3`, `hedra-avatar` */
export const AvatarRequest = Type.Object(
  {
    input: Type.Object(
      {
        prompt: Type.String({ pattern: '\\S' }),
        aspect_ratio: Type.Enum(aspectRatios),
        resolution: Type.Enum(resolutions),
        start_image: Reference,
        audio: Type.Union([Reference, Type.Array(Reference, { minItems: 1, maxItems: 4 })]),
        duration_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: 600_000 })),
        bounding_box_target: Type.Optional(Type.Union([Point, Type.Array(Point)])),
        num_outputs: Type.Optional(Type.Literal(1)),
      },
      closed,
    ),
    ...envelope,
  },
  closed,
);
export type AvatarRequest = Static<typeof AvatarRequest>;

/** `POST /v3/models/elevenlabs-v3` and the other voices' models */
export const SpeechRequest = Type.Object(
  {
    input: Type.Object(
      {
        text: Type.String({ minLength: 1, maxLength: 5_000 }),
        voice_id: Type.String({ minLength: 1 }),
        stability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
        speed: Type.Optional(Type.Number({ minimum: 0.7, maximum: 1.2 })),
        language: Type.Optional(Type.String()),
      },
      closed,
    ),
    ...envelope,
  },
  closed,
);
export type SpeechRequest = Static<typeof SpeechRequest>;

export const models: Record<string, { name: string; kind: 'avatar' | 'speech' }> = table({
  'hedra-character-3': { name: 'Hedra Character 3', kind: 'avatar' },
  'hedra-avatar': { name: 'Hedra Avatar', kind: 'avatar' },
  'elevenlabs-v3': { name: 'ElevenLabs v3', kind: 'speech' },
  'elevenlabs-multilingual-v2': { name: 'ElevenLabs Multilingual v2', kind: 'speech' },
  'elevenlabs-flash-v2': { name: 'ElevenLabs Flash v2', kind: 'speech' },
});

export const modelWire = (id: string, { name, kind }: { name: string; kind: string }) => ({
  id,
  name,
  modality: kind === 'avatar' ? 'video' : 'audio',
});

const genders = {
  Rachel: 'female',
  George: 'male',
  Sarah: 'female',
  Charlie: 'male',
  Jessica: 'female',
  Brian: 'male',
};

/** The voices of the speech models. */
export const voices = Object.entries(genders).map(([name, gender], index) => ({
  id: `voice_00000000-0000-4000-8000-00000000000${index + 1}`,
  name,
  preview_url: null,
  labels: { language: 'en', gender },
}));

/** Pixels of a shape: the resolution is the shorter side. */
export function pixelsOf(aspectRatio: string, resolution: string): { width: number; height: number } {
  const [across = 16, down = 9] = aspectRatio.split(':').map(Number);
  const short = Number.parseInt(resolution, 10);
  const long = Math.round((short * Math.max(across, down)) / Math.min(across, down) / 2) * 2;
  return across >= down ? { width: long, height: short } : { width: short, height: long };
}
