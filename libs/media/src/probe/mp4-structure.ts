import type { ByteSource } from './byte-source.js';

/** The index of a film of hours is some MB. */
const maxIndexBytes = 32 * 1024 * 1024;
/** Fragments of a second each, for a day, and as many boxes of frames. */
const maxBoxes = 200_000;
/** An hour of sound in one fragment has 170,000. */
const maxFragmentSamples = 500_000;
/** `moov`, `trak`, `mdia`, `minf`, `stbl` are five. */
const maxDepth = 8;

/** Bytes of one entry, after a header of eight: version, flags and count. */
const entryBytes: Record<string, number> = { stts: 8, ctts: 8, stsc: 12, stco: 4, co64: 8, stss: 4 };
/** Those that the demuxer descends into, and that hold nothing but boxes. */
const containers = new Set(['trak', 'mdia', 'minf', 'dinf', 'edts', 'stbl', 'mvex', 'traf', 'mfra']);
const indexes = new Set(['moov', 'moof', 'mfra']);

/** Of a run's flags, those by which each sample has a field of its own: duration, size, flags, composition offset. */
const runFields = [0x100, 0x200, 0x400, 0x800];

/**
 * Whether the boxes of an MP4 follow each other to the file's last byte, and the counts in its index (`moov`) and those of its
 * fragments (`moof`) agree with each other. The demuxer writes each table out, sample by sample: one flipped bit in a count would
 * keep it busy for minutes, or have it fill all memory.
 */
export async function isSoundMp4(source: ByteSource): Promise<boolean> {
  let indexed = false;
  let boxes = 0;
  for (let at = 0; at < source.bytes; boxes++) {
    const header = Buffer.from(await source.read(at, at + 16));
    const size = boxSize(header, source.bytes - at);
    if (size === undefined || boxes === maxBoxes) return false;
    const type = header.toString('latin1', 4, 8);
    if (indexes.has(type)) {
      if (size > maxIndexBytes) return false;
      const content = Buffer.from(await source.read(at + headerBytes(header), at + size));
      if (!tablesAgree(content, source.bytes) || samplesInRuns(content) > maxFragmentSamples) return false;
    }
    indexed ||= type === 'moov';
    at += size;
  }
  return indexed;
}

function tablesAgree(boxes: Buffer, fileBytes: number, depth = 1): boolean {
  const tables = new Map<string, Buffer>();
  const children = childrenOf(boxes);
  if (!children || depth === maxDepth) return false;
  for (const [type, content] of children) {
    if (containers.has(type) && !tablesAgree(content, fileBytes, depth + 1)) return false;
    if (type === 'trun' && runSamples(content) === undefined) return false;
    // The demuxer reads a second one too.
    if (tables.has(type) && (type in entryBytes || type === 'stsz' || type === 'stz2')) return false;
    tables.set(type, content);
  }
  const sizes = tables.get('stsz') ?? tables.get('stz2');
  const others = Object.keys(entryBytes).filter((type) => tables.has(type));
  if (!sizes) return others.length === 0;
  if (sizes.length < 12 || (tables.has('stsz') && tables.has('stz2'))) return false;
  const samples = sizes.readUInt32BE(8);
  if (samples > fileBytes || sizes.length < 12 + sizesBytes(sizes, tables.has('stsz'), samples)) return false;
  return others.every((type) => tableAgrees(type, tables.get(type)!, samples));
}

/** Of the list of sample sizes: none in an `stsz` that states one size for all. An `stz2` states the bits of an entry. */
function sizesBytes(sizes: Buffer, whole: boolean, samples: number): number {
  if (!whole) return [4, 8, 16].includes(sizes[7]!) ? Math.ceil((samples * sizes[7]!) / 8) : Number.POSITIVE_INFINITY;
  return sizes.readUInt32BE(4) === 0 ? samples * 4 : 0;
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

/** Of all runs of a fragment, which state no more than they can hold. */
function samplesInRuns(fragment: Buffer): number {
  const tracks = (childrenOf(fragment) ?? []).filter(([type]) => type === 'traf');
  const runs = tracks.flatMap(([, track]) => childrenOf(track) ?? []).filter(([type]) => type === 'trun');
  return runs.reduce((sum, [, run]) => sum + (runSamples(run) ?? 0), 0);
}

/** Undefined when its entries would not fit into it. One whose samples are all alike has no entries. */
function runSamples(run: Buffer): number | undefined {
  if (run.length < 8) return undefined;
  const flags = run.readUInt32BE(0);
  const samples = run.readUInt32BE(4);
  const entry = runFields.filter((field) => flags & field).length * 4;
  return 8 + samples * entry <= run.length ? samples : undefined;
}

/** Undefined when they do not follow each other to the end. */
function childrenOf(boxes: Buffer): [type: string, content: Buffer][] | undefined {
  const children: [string, Buffer][] = [];
  for (let at = 0; at + 8 <= boxes.length; ) {
    const header = boxes.subarray(at);
    const size = boxSize(header, boxes.length - at);
    if (size === undefined) return undefined;
    children.push([boxes.toString('latin1', at + 4, at + 8), boxes.subarray(at + headerBytes(header), at + size)]);
    at += size;
  }
  return children;
}

/** Header included; of a box that says 0, "to the end", all of `rest`. Undefined: it does not fit in there. */
function boxSize(header: Buffer, rest: number): number | undefined {
  if (header.length < 8) return undefined;
  const stated = header.readUInt32BE(0);
  if (stated === 0) return rest;
  const size = stated === 1 && header.length >= 16 ? Number(header.readBigUInt64BE(8)) : stated;
  return size >= headerBytes(header) && size <= rest ? size : undefined;
}

/** A box that states 1 has its size in eight more bytes. */
function headerBytes(header: Buffer): number {
  return header.readUInt32BE(0) === 1 ? 16 : 8;
}
