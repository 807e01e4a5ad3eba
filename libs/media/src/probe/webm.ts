import type { ByteSource } from './byte-source.js';
import { InvalidMediaError } from './invalid-media-error.js';

/** What describes the file stands in front of its frames. */
const headBytes = 1024 * 1024;

const ids = {
  header: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  track: 0xae,
  trackType: 0x83,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
};
const trackTypes = { video: 1, audio: 2 };

export type WebmFacts = { format: 'webm' | 'weba'; width?: number; height?: number; durationSeconds?: number };

/** An EBML header, then one segment that states its length, or that it is unknown where its writer streamed. */
export async function isWholeWebm(source: ByteSource): Promise<boolean> {
  const head = Buffer.from(await source.read(0, 4096));
  const header = readVint(head, 4);
  const segment = header && readVint(head, header.end + header.value + 4);
  return (
    segment !== undefined && (segment.value === Number.POSITIVE_INFINITY || segment.end + segment.value <= source.bytes)
  );
}

/**
 * Reads the few elements of WebM that we need (RFC 8794, RFC 9559), as the demuxer can search a corrupt file for ever. A file whose
 * writer streamed states no duration.
 */
export async function probeWebm(source: ByteSource): Promise<WebmFacts> {
  const file = childrenOf(Buffer.from(await source.read(0, headBytes)));
  if (!file.get(ids.header)?.some((header) => text(header, ids.docType) === 'webm')) {
    throw new InvalidMediaError('The Matroska file is not WebM');
  }
  const segment = file.get(ids.segment)?.[0];
  // A segment cut off by the file's end, or by what we read of a long one, was checked to be whole before.
  const parts = childrenOf(segment ?? Buffer.alloc(0));
  const tracks = childrenOf(parts.get(ids.tracks)?.[0] ?? Buffer.alloc(0)).get(ids.track) ?? [];
  const ofType = (type: number) => tracks.find((track) => unsigned(track, ids.trackType) === type);
  const durationSeconds = durationOf(parts.get(ids.info)?.[0]);
  const video = ofType(trackTypes.video);
  if (!video) {
    if (!ofType(trackTypes.audio)) throw new InvalidMediaError('The file has neither video nor audio in it');
    return { format: 'weba', durationSeconds };
  }
  const picture = childrenOf(video).get(ids.video)?.[0];
  const [width, height] = [unsigned(picture, ids.pixelWidth), unsigned(picture, ids.pixelHeight)];
  if (!width || !height) throw new InvalidMediaError('The video has no size');
  return { format: 'webm', width, height, durationSeconds };
}

function durationOf(info: Buffer | undefined): number | undefined {
  const duration = info && childrenOf(info).get(ids.duration)?.[0];
  if (!duration || (duration.length !== 4 && duration.length !== 8)) return undefined;
  const ticks = duration.length === 4 ? duration.readFloatBE() : duration.readDoubleBE();
  const seconds = (ticks * (unsigned(info, ids.timestampScale) ?? 1_000_000)) / 1e9;
  if (!(seconds > 0 && seconds < Number.POSITIVE_INFINITY)) throw new InvalidMediaError('The file has no frames in it');
  return seconds;
}

/** The contents of the elements in `bytes`, by id. The last may reach past the end, or be of unknown length. */
function childrenOf(bytes: Buffer): Map<number, Buffer[]> {
  const children = new Map<number, Buffer[]>();
  for (let at = 0; at < bytes.length; ) {
    const idLength = vintLength(bytes, at);
    const size = readVint(bytes, at + idLength);
    if (idLength === 0 || idLength > 4 || size === undefined || at + idLength > bytes.length) break;
    const id = bytes.readUIntBE(at, idLength);
    const content = bytes.subarray(size.end, size.end + size.value);
    const alike = children.get(id);
    if (alike) alike.push(content);
    else children.set(id, [content]);
    at = size.end + size.value;
  }
  return children;
}

function unsigned(parent: Buffer | undefined, id: number): number | undefined {
  const content = parent && childrenOf(parent).get(id)?.[0];
  return content && content.length > 0 && content.length <= 6 ? content.readUIntBE(0, content.length) : undefined;
}

function text(parent: Buffer, id: number): string | undefined {
  return childrenOf(parent).get(id)?.[0]?.toString('latin1').replace(/\0+$/, '');
}

/** An EBML number: as many leading zero bits as bytes follow the first, then the value; all ones mean "unknown", to the end. */
function readVint(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  const length = vintLength(bytes, at);
  if (length === 0 || at + length > bytes.length) return undefined;
  let value = bytes[at]! & (0xff >> length);
  for (let n = 1; n < length; n++) value = value * 256 + bytes[at + n]!;
  const unknown = value === 2 ** (7 * length) - 1;
  return { value: unknown ? Number.POSITIVE_INFINITY : value, end: at + length };
}

function vintLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  return first === 0 ? 0 : Math.clz32(first) - 23;
}
