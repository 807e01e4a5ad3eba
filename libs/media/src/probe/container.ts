import { CustomSource, Input, type InputFormat, Logging, LogLevel, MP3, MP4, OGG, QTFF, WAVE } from 'mediabunny';
import type { MediaFormat } from '../formats.js';
import type { ByteSource } from './byte-source.js';
import { InvalidMediaError } from './invalid-media-error.js';
import type { Signature } from './sniff.js';

type ContainerSignature = Exclude<Signature, 'png' | 'jpeg' | 'webp' | 'matroska'>;

interface ContainerFacts {
  format: MediaFormat;
  width?: number;
  height?: number;
  durationSeconds: number;
}

const readers: Record<ContainerSignature, InputFormat[]> = {
  isobmff: [MP4, QTFF],
  mp3: [MP3],
  ogg: [OGG],
  wav: [WAVE],
};

/** It would warn on the console of codecs that it cannot decode; we decode none. */
Logging.level = LogLevel.Silent;

export async function probeContainer(source: ByteSource, signature: ContainerSignature): Promise<ContainerFacts> {
  const input = new Input({
    formats: readers[signature],
    source: new CustomSource({ getSize: () => source.bytes, read: source.read, prefetchProfile: 'none' }),
  });
  try {
    return await readContainer(input, signature);
  } catch (cause) {
    if (cause instanceof InvalidMediaError) throw cause;
    throw new InvalidMediaError('The file is corrupt', { cause });
  } finally {
    input.dispose();
  }
}

async function readContainer(input: Input, signature: ContainerSignature): Promise<ContainerFacts> {
  const container = await input.getFormat();
  const [video] = await input.getVideoTracks();
  const [audio] = await input.getAudioTracks();
  if (!video && !audio) throw new InvalidMediaError('The file has neither video nor audio in it');
  const durationSeconds = await durationOf(input);
  if (!(durationSeconds > 0)) throw new InvalidMediaError('The file has no frames in it');
  if (!video) return { format: audioFormat(signature, await audio?.getCodec()), durationSeconds };
  const [width, height] = [await video.getDisplayWidth(), await video.getDisplayHeight()];
  if (!(width > 0 && height > 0)) throw new InvalidMediaError('The video has no size');
  return { format: videoFormat(signature, container), width, height, durationSeconds };
}

/** As stated, which costs nothing; only where nothing is stated are the packets looked at. */
async function durationOf(input: Input): Promise<number> {
  const stated = await input.getDurationFromMetadata();
  return stated ?? (await input.computeDuration()) - Math.max(0, await input.getFirstTimestamp());
}

function videoFormat(signature: ContainerSignature, container: InputFormat): MediaFormat {
  if (signature === 'isobmff') return container === QTFF ? 'mov' : 'mp4';
  throw new InvalidMediaError(`Video in an ${signature} file is not supported`);
}

function audioFormat(signature: ContainerSignature, codec: string | null | undefined): MediaFormat {
  switch (signature) {
    case 'isobmff':
      return 'm4a';
    case 'ogg':
      return codec === 'opus' ? 'opus' : 'ogg';
    default:
      return signature;
  }
}
