import type { ByteSource } from './byte-source.js';
import { InvalidMediaError } from './invalid-media-error.js';

/** What the caller asked the vendor for. It matters only for raw samples, which have no header of their own. */
export interface MediaHint {
  format: string;
  /** Samples a second. */
  sampleRate: number;
  /** Default: 1. */
  channels?: number;
}

const bytesPerSample = { pcm: 2, ulaw: 1, alaw: 1 };
type RawFormat = keyof typeof bytesPerSample;

export function rawFormat(hint: MediaHint | undefined): RawFormat | undefined {
  return hint && Object.hasOwn(bytesPerSample, hint.format) ? (hint.format as RawFormat) : undefined;
}

export function probeRawAudio(source: ByteSource, format: RawFormat, hint: MediaHint) {
  const { sampleRate, channels = 1 } = hint;
  if (source.bytes % (bytesPerSample[format] * channels) !== 0) {
    throw new InvalidMediaError(`${source.bytes} bytes are no whole number of ${format} samples`);
  }
  return { format, durationSeconds: source.bytes / (bytesPerSample[format] * channels * sampleRate) };
}
