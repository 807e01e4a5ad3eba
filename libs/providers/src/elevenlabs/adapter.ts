import {
  type ProviderAdapter,
  type VendorContext,
  VendorError,
  VendorHttp,
  type VendorRequest,
  wireOf,
} from '../kit/index.js';
import { emotions, providers, type SpeechWire } from './models.js';
import { defaultVoice, voiceIdOf } from './voices.js';
import { HistoryAnswer, isSpeechOf, rawAudio, refusalOf } from './wire.js';

interface Options {
  voice?: string;
  emotion: string;
  speed: number;
  stability?: number;
  similarityBoost: number;
  styleExaggeration?: number;
  languageCode?: string;
  seed?: number;
  textNormalization: string;
  outputFormat: string;
}

/** The vendor's clock and ours may differ by so much. */
const clockSkewSeconds = 5;

const connect = (vendor: VendorContext) =>
  new VendorHttp(vendor, { auth: { 'xi-api-key': vendor.credential }, refusal: refusalOf });

export const adapter: ProviderAdapter = {
  async submit(request, vendor) {
    const { outputFormat } = optionsOf(request);
    const { bytes } = await connect(vendor).file({
      method: 'POST',
      path: `/v1/text-to-speech/${voiceOf(request)}`,
      query: { output_format: outputFormat },
      timeoutMs: 240_000,
      json: speech(wireOf(providers, request), request),
    });
    return { kind: 'output', output: { source: { bytes }, hint: rawAudio(outputFormat) } };
  },

  async poll() {
    throw new VendorError('failed', 'a synchronous vendor has no tasks');
  },

  /** The newest speech of this very text, voice, model and settings. One of another attempt sounds alike. */
  async lookup(request, vendor, submittedAfter) {
    const wanted = { ...speech(wireOf(providers, request), request), voice_id: voiceOf(request) };
    const { voice_id, model_id } = wanted;
    const since = Math.floor(submittedAfter.getTime() / 1000) - clockSkewSeconds;
    const http = connect(vendor);
    const { history } = await http.json(HistoryAnswer, {
      method: 'GET',
      path: '/v1/history',
      query: { voice_id, model_id, date_after_unix: String(since), page_size: '100' },
    });
    const found = history.find((item) => item.date_unix >= since && isSpeechOf(item, wanted));
    if (!found) return undefined;
    const { bytes } = await http.file({ method: 'GET', path: `/v1/history/${found.history_item_id}/audio` });
    return { kind: 'output', output: { source: { bytes }, hint: rawAudio(optionsOf(request).outputFormat) } };
  },
};

const optionsOf = (request: VendorRequest) => request.options as unknown as Options;
const voiceOf = (request: VendorRequest) => voiceIdOf(optionsOf(request).voice ?? request.input.voice ?? defaultVoice);

function speech(wire: SpeechWire, request: VendorRequest) {
  const options = optionsOf(request);
  const expression = emotions[options.emotion];
  const tag = wire.emotion === 'tags' && expression ? `[${expression.tag}] ` : '';
  const implied = wire.emotion === 'settings' ? expression : undefined;
  return {
    text: tag + request.input.text,
    model_id: wire.model,
    language_code: options.languageCode,
    voice_settings: {
      stability: options.stability ?? implied?.stability ?? 0.5,
      similarity_boost: options.similarityBoost,
      style: options.styleExaggeration ?? implied?.style ?? 0,
      speed: options.speed,
    },
    seed: options.seed,
    apply_text_normalization: options.textNormalization,
  };
}
