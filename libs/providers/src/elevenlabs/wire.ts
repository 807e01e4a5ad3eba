import Type, { type Static } from 'typebox';
import { maybe, own, type Refusal, shaped, type VendorErrorKind, type VendorOutput } from '../kit/index.js';

/**
 * What the vendor's codes mean. Source: its pages on errors; for the HTTP status that goes with each, reports. The code decides, not
 * the status: used-up quota has been answered as 401.
 */
const kindOfCode: Record<string, VendorErrorKind> = {
  max_character_limit_exceeded: 'invalid-input',
  invalid_voice_id: 'invalid-input',
  invalid_parameters: 'invalid-input',
  voice_not_found: 'invalid-input',
  invalid_api_key: 'credential',
  // Of the key, but for this endpoint or this voice only.
  missing_permissions: 'forbidden',
  detected_unusual_activity: 'credential',
  // Of the plan, for this voice, model or format.
  'only_for_creator+': 'forbidden',
  quota_exceeded: 'balance',
  // The queue is full, the speech was not begun: all four are HTTP 429.
  too_many_concurrent_requests: 'rate-limited',
  concurrent_limit_exceeded: 'rate-limited',
  rate_limit_exceeded: 'rate-limited',
  system_busy: 'rate-limited',
};

/** No code is documented for a text under moderation; it is said to name a policy (unverified). */
const moderation = /policy|moderation|prohibited|unsafe/;

/**
 * Three forms are in use. Old answers have `status`, new ones `code` beside it. A list is about the fields, and HTTP 422 says so.
 * Server errors have no documented code: their status decides.
 */
const VendorRefusal = Type.Object({
  detail: Type.Union([
    Type.String(),
    Type.Array(Type.Unknown()),
    Type.Object({ code: maybe(Type.String()), status: maybe(Type.String()) }),
  ]),
});

export function refusalOf(body: unknown): Refusal {
  const detail = shaped(VendorRefusal, body)?.detail;
  if (detail === undefined) return undefined;
  const code = typeof detail === 'string' || Array.isArray(detail) ? undefined : (detail.code ?? detail.status);
  if (code === undefined) return 'by-status';
  return own(kindOfCode, code) ?? (moderation.test(code) ? 'content-rejected' : 'unknown-code');
}

/** As the vendor's own client reads it; not in the documents that we have. */
const HistoryItem = Type.Object({
  history_item_id: Type.String(),
  date_unix: Type.Number(),
  voice_id: maybe(Type.String()),
  model_id: maybe(Type.String()),
  text: maybe(Type.String()),
  settings: maybe(Type.Record(Type.String(), Type.Unknown())),
});
export const HistoryAnswer = Type.Object({ history: Type.Array(HistoryItem) });

interface Speech {
  text: string;
  voice_id: string;
  model_id: string;
  voice_settings: Record<string, unknown>;
}

/** Settings count as far as the vendor tells them. */
export function isSpeechOf(item: Static<typeof HistoryItem>, speech: Speech): boolean {
  const told = Object.entries(speech.voice_settings).filter(([name]) => item.settings?.[name] != null);
  return (
    item.text === speech.text &&
    item.voice_id === speech.voice_id &&
    item.model_id === speech.model_id &&
    told.every(([name, value]) => item.settings?.[name] === value)
  );
}

/** Of `pcm_24000` and its like, which come without a header; undefined for all other formats. */
export function rawAudio(outputFormat: string): VendorOutput['hint'] {
  const sampleRate = /^pcm_(\d+)$/.exec(outputFormat)?.[1];
  return sampleRate ? { format: 'pcm', sampleRate: Number(sampleRate) } : undefined;
}
