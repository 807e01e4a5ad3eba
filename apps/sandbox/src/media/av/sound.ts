import { Decoder, type Demuxer } from 'node-av/api';
import { AV_CHANNEL_LAYOUT_MONO, AV_SAMPLE_FMT_FLT, AVMEDIA_TYPE_AUDIO } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import type { SpeechSpec } from '../specs.js';
import { decodedFrames, openInput } from './inputs.js';
import { murmur } from './murmur.js';

type Samples = Iterable<Float32Array> | AsyncIterable<Float32Array>;

/** Mono samples of a speech, or of the first audio of a file. */
export function samplesOf(sound: string | SpeechSpec, sampleRate: number): Samples {
  return typeof sound === 'string'
    ? decoded(sound, sampleRate)
    : murmur(sound.text, sound.voice, sound.seconds, sampleRate);
}

async function* decoded(path: string, sampleRate: number): AsyncGenerator<Float32Array> {
  const input: Demuxer = await openInput(path);
  try {
    const stream = input.findBestStream(AVMEDIA_TYPE_AUDIO);
    if (!stream) return;
    const decoder = await Decoder.create(stream, {
      resample: { sampleRate, sampleFormat: AV_SAMPLE_FMT_FLT, channelLayout: AV_CHANNEL_LAYOUT_MONO },
    });
    try {
      for await (const frame of decodedFrames(input, stream, decoder)) {
        const bytes = frame.toBuffer();
        frame.free();
        yield new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      }
    } finally {
      decoder.close();
    }
  } finally {
    await input.close();
  }
}

/** The same samples in frames of `sampleRate`, exactly `seconds` of them: cut, or filled up with silence. */
export async function* framesOfSound(samples: Samples, seconds: number, sampleRate: number): AsyncGenerator<Frame> {
  let left = Math.round(seconds * sampleRate);
  let at = 0;
  const frameOf = (chunk: Float32Array) => {
    const frame = Frame.fromAudioBuffer(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), {
      nbSamples: chunk.length,
      format: AV_SAMPLE_FMT_FLT,
      sampleRate,
      channelLayout: AV_CHANNEL_LAYOUT_MONO,
      timeBase: { num: 1, den: sampleRate },
      pts: BigInt(at),
    });
    left -= chunk.length;
    at += chunk.length;
    return frame;
  };
  for await (const chunk of samples) {
    if (left > 0 && chunk.length > 0) yield frameOf(chunk.subarray(0, left));
    if (left === 0) return;
  }
  while (left > 0) yield frameOf(new Float32Array(Math.min(left, sampleRate)));
}
