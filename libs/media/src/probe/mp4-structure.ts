import type { ByteSource } from './byte-source.js';

/** The index of a film of hours is some MB. */
const maxIndexBytes = 64 * 1024 * 1024;

/** Bytes of one entry, after a header of eight: version, flags and count. */
const entryBytes: Record<string, number> = { stts: 8, ctts: 8, stsc: 12, stco: 4, co64: 8, stss: 4 };
const containers = ['trak', 'mdia', 'minf', 'stbl'];

/**
 * Whether the boxes of an MP4 follow each other to the file's last byte, and the counts in its index (`moov`) agree with each
 * other. The demuxer writes each table of the index out, sample by sample: one flipped bit in a count would keep it, and this
 * process, busy for minutes.
 */
export async function isSoundMp4(source: ByteSource): Promise<boolean> {
  let sound = false;
  for (let at = 0; at < source.bytes; ) {
    const header = Buffer.from(await source.read(at, at + 16));
    const size = boxSize(header, source.bytes - at);
    if (size === undefined) return false;
    if (header.toString('latin1', 4, 8) === 'moov') {
      sound = size <= maxIndexBytes && tablesAgree(Buffer.from(await source.read(at + 8, at + size)), source.bytes);
      if (!sound) return false;
    }
    at += size;
  }
  return sound;
}

function tablesAgree(boxes: Buffer, fileBytes: number): boolean {
  const tables = new Map<string, Buffer>();
  for (let at = 0; at + 8 <= boxes.length; ) {
    const size = boxSize(boxes.subarray(at), boxes.length - at);
    if (size === undefined) return false;
    const type = boxes.toString('latin1', at + 4, at + 8);
    const content = boxes.subarray(at + 8, at + size);
    if (containers.includes(type) && !tablesAgree(content, fileBytes)) return false;
    tables.set(type, content);
    at += size;
  }
  const sizes = tables.get('stsz') ?? tables.get('stz2');
  const others = Object.keys(entryBytes).filter((type) => tables.has(type));
  if (!sizes) return others.length === 0;
  if (sizes.length < 12) return false;
  const samples = sizes.readUInt32BE(8);
  const listed = tables.has('stsz') && sizes.readUInt32BE(0) === 0 && sizes.readUInt32BE(4) === 0;
  if (samples > fileBytes || (listed && 12 + samples * 4 > sizes.length)) return false;
  return others.every((type) => tableAgrees(type, tables.get(type)!, samples));
}

function tableAgrees(type: string, table: Buffer, samples: number): boolean {
  const size = entryBytes[type]!;
  const entries = table.length < 8 ? 0 : table.readUInt32BE(4);
  if (table.length < 8 + entries * size) return false;
  let counted = 0;
  for (let at = 8; at < 8 + entries * size; at += size) {
    if (type === 'stts' || type === 'ctts') counted += table.readUInt32BE(at);
    if (type === 'stsc' && (table.readUInt32BE(at) > samples || table.readUInt32BE(at + 4) > samples)) return false;
  }
  return counted <= samples;
}

/** Header included; of a box that says 0, "to the end", all of `rest`. Undefined: it does not fit in there. */
function boxSize(header: Buffer, rest: number): number | undefined {
  if (header.length < 8) return undefined;
  const stated = header.readUInt32BE(0);
  if (stated === 0) return rest;
  const size = stated === 1 && header.length >= 16 ? Number(header.readBigUInt64BE(8)) : stated;
  return size >= 8 && size <= rest ? size : undefined;
}
