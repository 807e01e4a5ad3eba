import type { ByteSource } from './byte-source.js';
import { isSoundMp4 } from './mp4-structure.js';
import type { Signature } from './sniff.js';
import { isWholeWebm } from './webm.js';

/**
 * Whether the file has its end. Readers look at headers, which a download that was cut short still has; what each format says
 * of its own length, or how it must end, tells it.
 */
export function isWhole(source: ByteSource, signature: Signature): Promise<boolean> {
  return checks[signature](source);
}

const checks: Record<Signature, (source: ByteSource) => Promise<boolean>> = {
  png: (source) => endsAround(source, 'IEND\xae\x42\x60\x82'),
  jpeg: (source) => endsAround(source, '\xff\xd9'),
  webp: riffIsWhole,
  wav: riffIsWhole,
  ogg: endsWithWholeOggPage,
  matroska: isWholeWebm,
  isobmff: isSoundMp4,
  mp3: statedMp3BytesAreThere,
};

const tailBytes = 65_536;

/** Some writers put a little after the end mark. */
async function endsAround(source: ByteSource, mark: string): Promise<boolean> {
  return Buffer.from(await source.read(source.bytes - tailBytes, source.bytes)).includes(mark, 0, 'latin1');
}

/** Writers that stream do not know the length yet and write a placeholder, 0 or near the largest. */
async function riffIsWhole(source: ByteSource): Promise<boolean> {
  const stated = view(await source.read(4, 8)).getUint32(0, true);
  const unknown = stated === 0 || stated >= 0x7fff_ff00;
  return unknown || stated + 8 <= source.bytes + 1;
}

async function endsWithWholeOggPage(source: ByteSource): Promise<boolean> {
  const tail = Buffer.from(await source.read(source.bytes - tailBytes, source.bytes));
  for (let at = tail.lastIndexOf('OggS'); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf('OggS', at - 1)) {
    const segments = tail.subarray(at + 27, at + 27 + (tail[at + 26] ?? 0));
    const end = at + 27 + segments.length + segments.reduce((sum, length) => sum + length, 0);
    if (end === tail.length) return true;
  }
  return false;
}

/**
 * The first frame of most MP3 files is silent and states, as `Xing` or `Info`, how many bytes follow; not all writers count
 * exactly. Without it nothing tells the length of the whole.
 */
async function statedMp3BytesAreThere(source: ByteSource): Promise<boolean> {
  const id3 = Buffer.from(await source.read(0, 10));
  const start = id3.toString('latin1', 0, 3) === 'ID3' ? 10 + syncsafe(id3.subarray(6)) : 0;
  const frame = Buffer.from(await source.read(start, start + 200));
  const at = Math.max(frame.indexOf('Xing'), frame.indexOf('Info'));
  if (at < 0 || frame.length < at + 16) return frame.length > 0;
  const flags = frame.readUInt32BE(at + 4);
  if (!(flags & 2)) return true;
  const stated = frame.readUInt32BE(at + (flags & 1 ? 12 : 8));
  return source.bytes - start >= 0.9 * stated;
}

/** Four bytes of seven bits. */
function syncsafe(bytes: Buffer): number {
  return bytes.subarray(0, 4).reduce((size, byte) => size * 128 + (byte & 0x7f), 0);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
