import { type MediaFormat, mediaFormats } from '../formats.js';
import { type ByteSource, withByteSource } from './byte-source.js';
import { isWhole } from './completeness.js';
import { probeContainer } from './container.js';
import { probeImage } from './image.js';
import { InvalidMediaError } from './invalid-media-error.js';
import type { MediaFacts } from './media-facts.js';
import { type MediaHint, probeRawAudio, rawFormat } from './raw-audio.js';
import { couldBeSamples, looksLikeText, sniff } from './sniff.js';
import { probeWebm } from './webm.js';

type Facts = Pick<MediaFacts, 'width' | 'height' | 'durationSeconds'> & { format: MediaFormat };

const headBytes = 512;
/** No format but PNG and WebM can state more, and nobody could show it. */
const mostPixels = 65_535;

/**
 * What a file is, by its bytes alone. A corrupt one can keep this busy without end, or have it take all memory: only the process
 * that `ReaderProcess` bounds may call it. Throws InvalidMediaError.
 */
export function readMedia(path: string, hint?: MediaHint): Promise<MediaFacts> {
  return withByteSource(path, async (source) => {
    const facts = await factsOf(source, hint);
    if (!isCredible(facts)) throw new InvalidMediaError('The file states a size or a duration that cannot be');
    const { kind, contentType } = mediaFormats[facts.format];
    return { kind, contentType, bytes: source.bytes, ...facts };
  });
}

async function factsOf(source: ByteSource, hint: MediaHint | undefined): Promise<Facts> {
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

function isCredible({ width = 1, height = 1, durationSeconds = 1 }: Facts): boolean {
  const shown = [width, height].every((pixels) => pixels >= 1 && pixels <= mostPixels);
  return shown && durationSeconds > 0 && durationSeconds < Number.POSITIVE_INFINITY;
}
