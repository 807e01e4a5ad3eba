import { FormData } from 'undici';
import { refusedInput, type VendorContext, type VendorHttp, type VendorRequest, wireOf } from '../kit/index.js';
import type { Prepared } from './chain.js';
import { providers } from './models.js';
import { FileAnswer, VoicesAnswer } from './wire.js';

interface Options {
  voice?: string;
  speed: number;
  language: string;
  prompt: string;
  aspectRatio: string;
  resolution: string;
  duration?: number;
}

/** The vendor's speech model that gives the avatar its voice. */
export const speechModel = 'elevenlabs-v3';
const uploadTimeoutMs = 120_000;

/** Uploads the files and looks up the voice. Nothing here is charged, and all of it may be repeated. */
export async function prepare(request: VendorRequest, vendor: VendorContext, http: VendorHttp): Promise<Prepared> {
  const { attemptId, input } = request;
  const { image, audio, text } = input;
  const options = request.options as unknown as Options;
  if (!image) throw refusedInput('input.image: an avatar needs a portrait.');
  if (Boolean(text) === Boolean(audio)) throw refusedInput('input: give either text to speak or audio.');
  const start_image = { source: 'url', url: await upload('image', attemptId, vendor, http) };
  return {
    step: 'prepared',
    attemptId,
    model: wireOf(providers, request).model,
    film: {
      prompt: options.prompt,
      aspect_ratio: options.aspectRatio,
      resolution: options.resolution,
      duration_ms: options.duration && Math.round(options.duration * 1_000),
      start_image,
      num_outputs: 1,
    },
    sound: audio
      ? { url: await upload('audio', attemptId, vendor, http) }
      : {
          speech: {
            text,
            voice_id: await voiceId(options.voice ?? input.voice, http),
            speed: options.speed,
            language: options.language,
          },
        },
  };
}

/** Handle of the uploaded file, good for an hour: the vendor takes no public URLs. */
async function upload(name: 'image' | 'audio', attemptId: string, vendor: VendorContext, http: VendorHttp) {
  const { bytes, contentType } = await vendor.readInput(name);
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(bytes)], { type: contentType }), name);
  const { url } = await http.json(FileAnswer, {
    method: 'POST',
    path: '/v3/files',
    idempotencyKey: `${attemptId}-${name}`,
    form,
    timeoutMs: uploadTimeoutMs,
  });
  return url;
}

/** Names may carry a description ("George - Warm"): the first word counts. Without a name, the vendor's first voice. */
async function voiceId(wanted: string | undefined, http: VendorHttp): Promise<string> {
  if (wanted?.startsWith('voice_')) return wanted;
  const { data } = await http.json(VoicesAnswer, { method: 'GET', path: `/v3/models/${speechModel}/voices` });
  const found = wanted ? data.find(({ name }) => firstWord(name) === firstWord(wanted)) : data[0];
  if (found) return found.id;
  throw refusedInput(
    `input.voice: Hedra has no voice "${wanted}". Give the name of a Hedra voice, or its id (voice_…).`,
  );
}

const firstWord = (name: string | undefined) => name?.trim().toLowerCase().split(/\s/)[0];
