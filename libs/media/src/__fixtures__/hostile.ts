import { readFile } from 'node:fs/promises';

// Files that state what would keep a reader busy without end, or have it fill all memory.

const most = 0xffff_ffff;

type Change = (file: Buffer) => Buffer | undefined;

/** A fixture, changed in place or replaced by what `change` returns. */
const changed = (fixture: string, change: Change) => async () => {
  const file = Buffer.from(await readFile(new URL(fixture, import.meta.url)));
  return change(file) ?? file;
};

/** Of the content of the first box of that type. */
const contentOf = (file: Buffer, type: string) => file.indexOf(type, 0, 'latin1') + 4;

/** The count of a box, after its version and flags. */
const counting = (fixture: string, type: string, count = most) =>
  changed(fixture, (file) => void file.writeUInt32BE(count, contentOf(file, type) + 4));

function box(type: string, ...content: Buffer[]): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(content.reduce((sum, part) => sum + part.length, 8));
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, ...content]);
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [n, value] of values.entries()) buffer.writeUInt32BE(value, n * 4);
  return buffer;
}

/** With one more box at the end of the first box of that type; those around it, which end where it ends or later, grow with it. */
const within = (fixture: string, parents: string[], more: Buffer) =>
  changed(fixture, (file) => {
    const starts = parents.map((type) => contentOf(file, type) - 8);
    const innermost = starts.at(-1)!;
    const end = innermost + file.readUInt32BE(innermost);
    for (const start of starts) file.writeUInt32BE(file.readUInt32BE(start) + more.length, start);
    return Buffer.concat([file.subarray(0, end), more, file.subarray(end)]);
  });

/** Each in the one before, as deep as 40,000. */
function nested(type: string): Buffer {
  const depth = 40_000;
  const boxes = Buffer.alloc(depth * 8);
  for (let n = 0; n < depth; n++) boxes.writeUInt32BE((depth - n) * 8, n * 8);
  for (let n = 0; n < depth; n++) boxes.write(type, n * 8 + 4, 'latin1');
  return boxes;
}

const track = ['moov', 'trak'];
const table = [...track, 'mdia', 'minf', 'stbl'];
/** Its samples are all alike, and need no entries. */
const uniform = [0x0000_0005, most, 0xc8, 0];
const run = ['moof', 'traf'];

function id3(bytes: number): Buffer {
  const syncsafe = [21, 14, 7, 0].map((bits) => (bytes >> bits) & 0x7f);
  return Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, ...syncsafe]);
}

function oggPage(segments: number): Buffer {
  const page = Buffer.alloc(27 + segments);
  page.write('OggS', 'latin1');
  page[26] = segments;
  return page;
}

const repeated = (part: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => part));

/** Refused, each of them. */
export const hostile: [what: string, file: () => Promise<Buffer>][] = [
  [
    'fragmented MP4 whose run states 4,294,967,295 samples that are all alike',
    changed('fragmented.mp4', (file) => void words(...uniform).copy(file, contentOf(file, 'trun'))),
  ],
  ['fragmented MP4 whose run has more samples than entries', counting('fragmented.mp4', 'trun')],
  ['fragmented MP4 with a second run without end', within('fragmented.mp4', run, box('trun', words(...uniform)))],
  [
    'fragmented MP4 with a thousand runs of a million samples',
    within('fragmented.mp4', run, repeated(box('trun', words(0, 1_000_000)), 1_000)),
  ],
  ['MP4 with a second table of times', within('h264.mp4', table, box('stts', words(0, 1, most, 1)))],
  ['MP4 with a second table of sizes', within('h264.mp4', table, box('stsz', words(0, 0, most)))],
  ['MP4 with sizes of no bits', within('h264.mov', table, box('stz2', words(0, 0, 1_000)))],
  ['MP4 with a table of times in its edits', within('h264.mp4', track, box('edts', box('stts', words(0, 1, most, 1))))],
  ['MP4 of boxes in boxes', within('h264.mp4', track, nested('mdia'))],
  ['fragmented MP4 of boxes in boxes', within('fragmented.mp4', run, nested('traf'))],
  [
    'MP4 of a million empty boxes',
    changed('h264.mp4', (file) => Buffer.concat([file, repeated(box('free'), 1_000_000)])),
  ],
  [
    'MP4 that counts its time in no parts of a second',
    changed('h264.mp4', (file) => {
      for (const header of ['mvhd', 'mdhd']) file.writeUInt32BE(0, contentOf(file, header) + 12);
    }),
  ],
  ['PNG wider than any picture', changed('still.png', (file) => void file.writeUInt32BE(0x7fff_ffff, 16))],
  ['PNG without a size', changed('still.png', (file) => void file.writeUInt32BE(0, 16))],
  ['WebP of no known coding', changed('still.webp', (file) => void file.write('VP8?', 12, 'latin1'))],
  [
    'JPEG without an end to its metadata',
    changed('still.jpg', (file) =>
      Buffer.concat([repeated(Buffer.from('ffd8ffe10002', 'hex'), 100_000), file.subarray(-2)]),
    ),
  ],
  [
    'WebM of elements without content',
    changed('vp9.webm', (file) =>
      Buffer.concat([file.subarray(0, 0x24), Buffer.from('18538067ff', 'hex'), Buffer.alloc(2 ** 20, 0x80)]),
    ),
  ],
  [
    'WebM of elements in elements',
    changed('vp9.webm', (file) =>
      Buffer.concat([file.subarray(0, 0x24), repeated(Buffer.from('18538067ff', 'hex'), 200_000)]),
    ),
  ],
  [
    'WebM of a picture wider than any',
    changed('vp9.webm', (file) => void file.writeUInt16BE(0x8840, file.indexOf('b08140', 0, 'hex') + 1)),
  ],
  ['Ogg of pages without packets', async () => repeated(oggPage(0), 100_000)],
  ['Ogg of pages with empty packets', async () => repeated(oggPage(255), 10_000)],
  ['MP3 that is all tag', async () => Buffer.concat([id3(10_000_000), Buffer.alloc(10_000_001)])],
  ['MP3 of tags', async () => repeated(id3(0), 100_000)],
  [
    'WAV of chunks without content',
    changed('tone.wav', (file) =>
      Buffer.concat([file.subarray(0, 36), repeated(Buffer.from('LIST\0\0\0\0'), 1_000_000)]),
    ),
  ],
  ['WAV of no samples a second', changed('tone.wav', (file) => void file.writeUInt32LE(0, 24))],
];
