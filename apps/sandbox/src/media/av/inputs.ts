import { Decoder, Demuxer } from 'node-av/api';
import { AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { type Frame, Packet, type Stream } from 'node-av/lib';

/** Uploaded files are untrusted: only plain containers are read, none that names other files or hosts. */
const containers = [
  'mp3,wav,flac,ogg,aac,mov,mp4,m4a,matroska,webm,amr,aiff',
  'png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,gif,image2',
].join();

export function openInput(path: string): Promise<Demuxer> {
  return Demuxer.open(path, { options: { format_whitelist: containers, protocol_whitelist: 'file' } });
}

/** All frames of one stream; each is the caller's to free. (`Demuxer.packets` needs Node 22.) */
export async function* decodedFrames(input: Demuxer, stream: Stream, decoder: Decoder): AsyncGenerator<Frame> {
  const packet = new Packet();
  packet.alloc();
  try {
    while ((await input.getFormatContext().readFrame(packet)) >= 0) {
      if (packet.streamIndex === stream.index) yield* await decoder.decodeAll(packet);
      packet.unref();
    }
    yield* await decoder.decodeAll(null);
  } finally {
    packet.free();
  }
}

/** What a file holds: pixels of its picture, seconds of its audio. Undefined where it has none, or is no media that is known. */
export interface Probed {
  width?: number;
  height?: number;
  audioSeconds?: number;
}

export async function probeFile(path: string): Promise<Probed> {
  let input: Demuxer;
  try {
    input = await openInput(path);
  } catch {
    return {};
  }
  try {
    const picture = input.video()?.codecpar;
    return {
      ...(picture && picture.width > 0 ? { width: picture.width, height: picture.height } : {}),
      ...(input.audio() && input.duration > 0 ? { audioSeconds: input.duration } : {}),
    };
  } finally {
    await input.close();
  }
}

/** The first picture of a file. The caller frees it. */
export async function firstPicture(path: string): Promise<Frame> {
  const input = await openInput(path);
  try {
    const stream = input.findBestStream(AVMEDIA_TYPE_VIDEO);
    if (!stream) throw new Error('the file has no picture');
    const decoder = await Decoder.create(stream);
    try {
      for await (const frame of decodedFrames(input, stream, decoder)) return frame;
      throw new Error('the picture cannot be read');
    } finally {
      decoder.close();
    }
  } finally {
    await input.close();
  }
}
