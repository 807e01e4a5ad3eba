import { Encoder, Muxer } from 'node-av/api';
import {
  FF_ENCODER_LIBMP3LAME,
  FF_ENCODER_LIBOPUS,
  FF_ENCODER_PCM_ALAW,
  FF_ENCODER_PCM_MULAW,
  FF_ENCODER_PCM_S16LE,
} from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import type { SpeechSpec } from '../specs.js';
import { framesOfSound, samplesOf } from './sound.js';

const formats = {
  mp3: { codec: FF_ENCODER_LIBMP3LAME, muxer: 'mp3' },
  ogg: { codec: FF_ENCODER_LIBOPUS, muxer: 'ogg' },
  pcm: { codec: FF_ENCODER_PCM_S16LE, muxer: 's16le' },
  wav: { codec: FF_ENCODER_PCM_S16LE, muxer: 'wav' },
  ulaw: { codec: FF_ENCODER_PCM_MULAW, muxer: 'mulaw' },
  alaw: { codec: FF_ENCODER_PCM_ALAW, muxer: 'alaw' },
};

export async function renderSpeech(spec: SpeechSpec, path: string): Promise<void> {
  const { container, sampleRate, kbps } = spec.encoding;
  const { codec, muxer } = formats[container];
  // Without the Xing frame, bytes × 8 / bit rate is the length of an mp3, as it is of the vendors'.
  const output = await Muxer.open(path, { format: muxer, options: container === 'mp3' ? { write_xing: '0' } : {} });
  try {
    const encoder = await Encoder.create(codec, { autoResample: true, ...(kbps ? { bitrate: kbps * 1000 } : {}) });
    const stream = output.addStream(encoder);
    const write = async (frame: Frame | null) => {
      for (const packet of await encoder.encodeAll(frame)) {
        await output.writePacket(packet, stream);
        packet.free();
      }
      frame?.free();
    };
    for await (const frame of framesOfSound(samplesOf(spec, sampleRate), spec.seconds, sampleRate)) await write(frame);
    await write(null);
    encoder.close();
  } finally {
    await output.close();
  }
}
