import { Encoder, Muxer } from 'node-av/api';
import { AV_PICTURE_TYPE_NONE, FF_ENCODER_AAC, FF_ENCODER_LIBX264 } from 'node-av/constants';
import type { Frame, Packet } from 'node-av/lib';
import type { VideoSpec } from '../specs.js';
import { caption, ground, sweep } from './drawing.js';
import { framesOf, type Step } from './filters.js';
import { firstPicture } from './inputs.js';
import { framesOfSound, samplesOf } from './sound.js';

const soundRate = 44_100;

/**
 * An MP4 with its index in front. The picture repeats every second, so one second is encoded, and its packets are written again
 * and again: a video of ten seconds costs no more than one of one.
 */
export async function renderVideo(spec: VideoSpec, path: string): Promise<void> {
  const picture = spec.picture ? await firstPicture(spec.picture) : undefined;
  const output = await Muxer.open(path, { format: 'mp4', options: { movflags: '+faststart' } });
  const encoder = await Encoder.create(FF_ENCODER_LIBX264, {
    gopSize: spec.fps,
    maxBFrames: 0,
    threadCount: 1,
    options: { preset: 'superfast', crf: 32 },
  });
  let second: Packet[] = [];
  try {
    const track = output.addStream(encoder);
    const sound = spec.sound ? await soundTrack(spec, output) : undefined;
    second = await oneSecond(spec, encoder, picture);
    const frames = Math.max(1, Math.round(spec.seconds * spec.fps));
    for (let index = 0; index < frames; index += 1) {
      const packet = second[index % second.length]?.clone();
      if (!packet) throw new Error('no picture was encoded');
      packet.pts = BigInt(index);
      packet.dts = BigInt(index);
      packet.duration = 1n;
      await output.writePacket(packet, track);
      packet.free();
      await sound?.writeUntil((index + 1) / spec.fps);
    }
    await sound?.end();
  } finally {
    for (const packet of second) packet.free();
    encoder.close();
    picture?.free();
    await output.close();
  }
}

async function oneSecond(spec: VideoSpec, encoder: Encoder, picture?: Frame): Promise<Packet[]> {
  const { width, height, fps, text } = spec;
  const size = { w: String(width), h: String(height) };
  const backdrop: Step[] = picture
    ? [
        ['scale', { ...size, force_original_aspect_ratio: 'increase' }],
        ['crop', size],
        ['settb', { expr: `1/${fps}` }],
        ['setpts', { expr: 'N' }],
      ]
    : [ground(text, width, height, fps)];
  const steps: Step[] = [
    ...backdrop,
    caption(text, width, height),
    sweep(width, height),
    ['format', { pix_fmts: 'yuv420p' }],
  ];
  const packets: Packet[] = [];
  for await (const frame of framesOf(steps, picture && { frame: picture, count: fps })) {
    // The source marks every frame as a key frame, and the encoder would obey.
    frame.pictType = AV_PICTURE_TYPE_NONE;
    packets.push(...(await encoder.encodeAll(frame)));
  }
  packets.push(...(await encoder.encodeAll(null)));
  return packets;
}

async function soundTrack(spec: VideoSpec, output: Muxer) {
  const encoder = await Encoder.create(FF_ENCODER_AAC, { bitrate: 96_000, autoResample: true });
  const track = output.addStream(encoder);
  const frames = framesOfSound(samplesOf(spec.sound ?? '', soundRate), spec.seconds, soundRate);
  let written = 0;
  const write = async (frame: Frame | null) => {
    for (const packet of await encoder.encodeAll(frame)) {
      await output.writePacket(packet, track);
      packet.free();
    }
    written += (frame?.nbSamples ?? 0) / soundRate;
    frame?.free();
  };
  return {
    /** Sound goes in beside the picture: a player need not jump in the file. */
    async writeUntil(seconds: number) {
      while (written < seconds) {
        const next = await frames.next();
        if (next.done) return;
        await write(next.value);
      }
    },
    async end() {
      await this.writeUntil(Number.POSITIVE_INFINITY);
      await write(null);
      encoder.close();
    },
  };
}
