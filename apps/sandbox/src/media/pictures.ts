import { imageSize } from 'image-size';
import type { Uploads } from '../storage/uploads.js';

export interface Picture {
  /** Of the stored file. */
  path: string;
  width: number;
  height: number;
}

/** The picture of a data URL or of bare base64; undefined for a URL, which the sandbox does not fetch. Throws if it is no image. */
export async function inlinePicture(source: string, uploads: Uploads): Promise<Picture | undefined> {
  if (/^https?:/i.test(source)) return undefined;
  // A copy: image-size reads past the end of a small Buffer, into the pool that it shares with others.
  const bytes = new Uint8Array(Buffer.from(source.replace(/^data:[^,]*,/, ''), 'base64'));
  const { width, height } = imageSize(bytes);
  return { path: await uploads.store(bytes), width, height };
}

/** No video or image is wider than that, or higher. */
const widest = 21 / 9;

/** `width` by `height` in the shape of the picture, about as many pixels, each a multiple of `step`. */
export function shapedLike(picture: { width: number; height: number }, pixels: number, step: number) {
  const ratio = Math.min(widest, Math.max(1 / widest, picture.width / picture.height));
  const round = (side: number) => Math.round(side / step) * step;
  return { width: round(Math.sqrt(pixels * ratio)), height: round(Math.sqrt(pixels / ratio)) };
}

/** Shape of `W:H`; undefined if it is no ratio. */
export function ratioOf(text: string): { width: number; height: number } | undefined {
  const [, width, height] = /^(\d+):(\d+)$/.exec(text) ?? [];
  return Number(width) > 0 && Number(height) > 0 ? { width: Number(width), height: Number(height) } : undefined;
}
