import { writeFile } from 'node:fs/promises';
import { Encoder } from 'node-av/api';
import { AV_CODEC_FLAG_QSCALE, FF_ENCODER_LIBWEBP, FF_ENCODER_MJPEG, FF_ENCODER_PNG } from 'node-av/constants';
import type { ImageSpec } from '../specs.js';
import { caption, ground } from './drawing.js';
import { framesOf } from './filters.js';

/** FFmpeg counts quality in steps of 118 (FF_QP2LAMBDA), 1 best to 31 worst. */
const jpegQuality = 4 * 118;

const encoders = {
  jpeg: { codec: FF_ENCODER_MJPEG, pixels: 'yuvj420p' },
  png: { codec: FF_ENCODER_PNG, pixels: 'rgb24' },
  webp: { codec: FF_ENCODER_LIBWEBP, pixels: 'yuv420p' },
};

export async function renderImage({ format, width, height, text }: ImageSpec, path: string): Promise<void> {
  const { codec, pixels } = encoders[format];
  const steps = [ground(text, width, height), caption(text, width, height)];
  for await (const frame of framesOf([...steps, ['format', { pix_fmts: pixels }]])) {
    const bytes = await Encoder.encodeOne(codec, frame, {
      configure: (context) => {
        if (format !== 'jpeg') return;
        context.globalQuality = jpegQuality;
        context.setFlags(AV_CODEC_FLAG_QSCALE);
      },
    });
    await writeFile(path, bytes);
  }
}
