import { open } from 'node:fs/promises';
import { InvalidMediaError, probeMedia, type SpooledFile } from '@doitong/media';
import { type FileInput, type InputFile, unfit } from './input-file.js';

const wanted = {
  image: { kind: 'IMAGE', words: 'Give a PNG, JPEG or WebP image.' },
  audio: { kind: 'AUDIO', words: 'Give an MP3, WAV, M4A, Ogg, Opus or WebM audio file.' },
} as const;

/** What files often are that are no media of ours, by how they begin, in Latin-1. */
const others: [RegExp | string, string][] = [
  [/^\s*<(.*<)?(!doctype html|html|head|body)\b/is, 'an HTML page'],
  [/^\s*<(.*<)?svg\b/is, 'an SVG image'],
  [/^\s*</, 'an XML document'],
  [/^\s*[{[]\s*["{[\]}]/, 'JSON'],
  [/^....ftypavi[fs]/s, 'an AVIF image'],
  [/^....ftyp(hei|hev|mif)/s, 'a HEIC image'],
  ['GIF8', 'a GIF image'],
  ['II*\0', 'a TIFF image'],
  ['MM\0*', 'a TIFF image'],
  ['%PDF-', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip file'],
];

const kinds = { IMAGE: 'an image', AUDIO: 'audio', VIDEO: 'a video' };
const HEAD_BYTES = 512;

/** What the bytes show; `told` is what the host called it. VendorError where they are not what this input takes. */
export async function checkFile(
  name: FileInput,
  { content, bytes }: Pick<SpooledFile, 'content' | 'bytes'>,
  told: string | undefined,
): Promise<Pick<InputFile, 'contentType' | 'durationSeconds'>> {
  const { kind, words } = wanted[name];
  const size = `${/^[\w.+-]+\/[\w.+-]+/.exec(told ?? '')?.[0] ?? 'no content type'}, ${bytes} bytes`;
  const facts = await probeMedia(content).catch(async (error) => {
    if (!(error instanceof InvalidMediaError)) throw error;
    const head = (await headOf(content)).toString('latin1');
    const other = bytes === 0 ? 'an empty file' : others.find(([start]) => begins(head, start))?.[1];
    if (other) throw unfit(name, `found ${other} (${size}). ${words}`, error);
    throw unfit(name, `found a file (${size}) that cannot be read. ${error.message}. ${words}`, error);
  });
  if (facts.kind !== kind) throw unfit(name, `found ${kinds[facts.kind]} (${size}). ${words}`);
  return facts;
}

const begins = (head: string, start: RegExp | string) =>
  typeof start === 'string' ? head.startsWith(start) : start.test(head);

async function headOf(content: SpooledFile['content']): Promise<Buffer> {
  if (!('path' in content)) return content.subarray(0, HEAD_BYTES);
  const file = await open(content.path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
