import { table } from '../http/table.js';
import type { AudioEncoding } from '../media/specs.js';

const rates = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const mp3: Record<number, number[]> = { 22050: [32], 24000: [48], 44100: [32, 64, 96, 128, 192] };

const entries: Record<string, AudioEncoding> = Object.fromEntries([
  ...Object.entries(mp3).flatMap(([rate, bitRates]) =>
    bitRates.map((kbps) => [`mp3_${rate}_${kbps}`, { container: 'mp3', sampleRate: Number(rate), kbps }]),
  ),
  ...[32, 64, 96, 128, 192].map((kbps) => [`opus_48000_${kbps}`, { container: 'ogg', sampleRate: 48_000, kbps }]),
  ...rates.map((sampleRate) => [`pcm_${sampleRate}`, { container: 'pcm', sampleRate }]),
  ...rates.map((sampleRate) => [`wav_${sampleRate}`, { container: 'wav', sampleRate }]),
  ['ulaw_8000', { container: 'ulaw', sampleRate: 8_000 }],
  ['alaw_8000', { container: 'alaw', sampleRate: 8_000 }],
]);

/** By `output_format`. */
export const formats = table(entries);
