import { imageSize } from 'image-size';
import type { ByteSource } from './byte-source.js';
import { InvalidMediaError } from './invalid-media-error.js';

/** Dimensions stand in the head, after at most some hundred kB of metadata. */
const headBytes = 1024 * 1024;

/** As shown: a photograph that its metadata turn by a quarter has width and height swapped. */
export async function probeImage(source: ByteSource): Promise<{ width: number; height: number }> {
  const { width, height, orientation = 1 } = sizeOf(await source.read(0, headBytes));
  if (!(width > 0 && height > 0)) throw new InvalidMediaError('The image has no size');
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}

function sizeOf(head: Uint8Array): ReturnType<typeof imageSize> {
  try {
    return imageSize(head);
  } catch (cause) {
    throw new InvalidMediaError('The image is corrupt', { cause });
  }
}
