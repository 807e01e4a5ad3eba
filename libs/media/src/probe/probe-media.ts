import { type MediaFormat, mediaFormats } from '../formats.js';
import { type ByteSource, type MediaInput, withByteSource } from './byte-source.js';
import { isWhole } from './completeness.js';
import { probeContainer } from './container.js';
import { probeImage } from './image.js';
import { InvalidMediaError } from './invalid-media-error.js';
import { type MediaHint, probeRawAudio, rawFormat } from './raw-audio.js';
import { couldBeSamples, looksLikeText, sniff } from './sniff.js';
import { probeWebm } from './webm.js';

export interface MediaFacts {
  kind: 'VIDEO' | 'IMAGE' | 'AUDIO';
  format: MediaFormat;
  contentType: string;
  bytes: number;
  /** Pixels, as shown: after rotation and pixel aspect ratio. */
  width?: number;
  height?: number;
  durationSeconds?: number;
}

type Facts = Pick<MediaFacts, 'width' | 'height' | 'durationSeconds'> & { format: MediaFormat };

const headBytes = 512;

/**
 * What a file is, read from its bytes and never from what its sender called it. A hint counts only for raw samples, whose bytes
 * tell nothing. Throws InvalidMediaError for what is not media, is not of a format in `mediaFormats`, is cut short or corrupt.
 */
export function probeMedia(input: MediaInput, hint?: MediaHint): Promise<MediaFacts> {
  return withByteSource(input, async (source) => {
    const facts = await probe(source, hint);
    const { kind, contentType } = mediaFormats[facts.format];
    return { kind, contentType, bytes: source.bytes, ...facts };
  });
}

async function probe(source: ByteSource, hint: MediaHint | undefined): Promise<Facts> {
  if (source.bytes === 0) throw new InvalidMediaError('The file is empty');
  const head = await source.read(0, headBytes);
  if (looksLikeText(head)) throw new InvalidMediaError('The file is text, not media');
  const signature = sniff(head);
  const raw = rawFormat(hint);
  if (raw && hint && couldBeSamples(signature)) return probeRawAudio(source, raw, hint);
  if (!signature) throw new InvalidMediaError('The file is of no known media format');
  if (!(await isWhole(source, signature))) throw new InvalidMediaError(`The ${signature} file is cut short or corrupt`);
  switch (signature) {
    case 'png':
    case 'jpeg':
    case 'webp':
      return { format: signature, ...(await probeImage(source)) };
    case 'matroska':
      return probeWebm(source);
    default:
      return probeContainer(source, signature);
  }
}
