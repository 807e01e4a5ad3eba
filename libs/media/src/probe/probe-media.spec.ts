import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hostile } from '../__fixtures__/hostile.js';
import { probeMedia } from './probe-media.js';

const fixture = (name: string) => readFile(new URL(`../__fixtures__/${name}`, import.meta.url));
const video = { kind: 'VIDEO', width: 64, height: 48, durationSeconds: 1 };
const still = { kind: 'IMAGE', width: 64, height: 48 };
const secondsAbout = (seconds: number) => ({ kind: 'AUDIO', durationSeconds: expect.closeTo(seconds, 1) });

const files: [string, Record<string, unknown>][] = [
  ['h264.mp4', { ...video, format: 'mp4', contentType: 'video/mp4' }],
  ['h264-aac.mp4', { ...video, format: 'mp4', contentType: 'video/mp4' }],
  ['rotated.mp4', { ...video, width: 48, height: 64, format: 'mp4' }],
  ['fragmented.mp4', { ...video, format: 'mp4' }],
  ['h264.mov', { ...video, format: 'mov', contentType: 'video/quicktime' }],
  ['vp9.webm', { ...video, format: 'webm', contentType: 'video/webm' }],
  ['streamed.webm', { kind: 'VIDEO', width: 64, height: 48, format: 'webm' }],
  ['still.png', { ...still, format: 'png', contentType: 'image/png' }],
  ['still.jpg', { ...still, format: 'jpeg', contentType: 'image/jpeg' }],
  ['rotated.jpg', { ...still, width: 48, height: 64, format: 'jpeg' }],
  ['still.webp', { ...still, format: 'webp', contentType: 'image/webp' }],
  ['tone.mp3', { ...secondsAbout(1.08), format: 'mp3', contentType: 'audio/mpeg' }],
  ['tone-without-header.mp3', { ...secondsAbout(1.08), format: 'mp3' }],
  ['tone.wav', { ...secondsAbout(0.5), format: 'wav', contentType: 'audio/wav' }],
  ['streamed.wav', { ...secondsAbout(0.5), format: 'wav' }],
  ['tone.opus', { ...secondsAbout(1), format: 'opus', contentType: 'audio/ogg' }],
  ['tone.ogg', { ...secondsAbout(1), format: 'ogg', contentType: 'audio/ogg' }],
  ['tone.m4a', { ...secondsAbout(1), format: 'm4a', contentType: 'audio/mp4' }],
];

describe('probeMedia', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'doitong-probe-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it.each(files)('reads %s from memory and from disk alike', async (name, expected) => {
    const bytes = await fixture(name);
    const path = join(directory, 'renamed.bin');
    await writeFile(path, bytes);
    const facts = await probeMedia(bytes);
    expect(facts).toMatchObject({ ...expected, bytes: bytes.length });
    expect(await probeMedia({ path })).toEqual(facts);
  });

  // Nothing in these tells their true length.
  const endless = ['streamed.webm', 'streamed.wav', 'tone-without-header.mp3'];
  it.each(files.map(([name]) => name).filter((name) => !endless.includes(name)))(
    'refuses %s cut short',
    async (name) => {
      const whole = await fixture(name);
      for (const share of [0.3, 0.6, 0.85]) {
        const part = whole.subarray(0, Math.floor(whole.length * share));
        await expect(probeMedia(part)).rejects.toMatchObject({ name: 'InvalidMediaError' });
      }
    },
  );

  it.each([
    ['an HTML page', '<!doctype html><html><body>Not found</body></html>', 'The file is text, not media'],
    ['a JSON error', '{"error":"gone"}', 'The file is text, not media'],
    ['text that is not ASCII', 'Désolé, rien ici', 'The file is text, not media'],
    ['nothing', '', 'The file is empty'],
    ['random bytes', Buffer.from('00f1e2d3c4b5a69788796a5b4c3d2e1f', 'hex'), 'The file is of no known media format'],
    ['an archive', Buffer.from('504b0304140000000800', 'hex'), 'The file is of no known media format'],
    ['a few bytes', Buffer.from([1]), 'The file is of no known media format'],
  ])('refuses %s', async (_what, bytes, message) => {
    const refused = { name: 'InvalidMediaError', message };
    await expect(probeMedia(Buffer.from(bytes))).rejects.toMatchObject(refused);
    await expect(probeMedia(Buffer.from(bytes), { format: 'mp3', sampleRate: 44_100 })).rejects.toMatchObject(refused);
  });

  it('refuses a right beginning with nothing behind it', async () => {
    for (const [name] of files) {
      const head = (await fixture(name)).subarray(0, 16);
      await expect(probeMedia(head)).rejects.toMatchObject({ name: 'InvalidMediaError' });
    }
  });

  it('refuses an MP4 whose frames are there but whose index is not', async () => {
    const bytes = Buffer.from(await fixture('h264-aac.mp4'));
    bytes.write('free', bytes.indexOf('moov'), 'latin1');
    await expect(probeMedia(bytes)).rejects.toThrow('The isobmff file is cut short or corrupt');
  });

  it.each(hostile)('refuses a %s', async (_what, file) => {
    await expect(probeMedia(await file())).rejects.toMatchObject({ name: 'InvalidMediaError' });
  });

  // The demuxer would count to four billion for any of these.
  it.each([
    ['stts', 12],
    ['ctts', 12],
    ['stsz', 12],
    ['stsc', 16],
    ['stco', 8],
    ['stss', 8],
  ])('refuses at once an MP4 with a count of 2^32 - 1 in its %s', async (table, offset) => {
    const bytes = Buffer.from(await fixture('h264.mp4'));
    bytes.writeUInt32BE(0xffff_ffff, bytes.indexOf(table, 0, 'latin1') + offset);
    await expect(probeMedia(bytes)).rejects.toMatchObject({ name: 'InvalidMediaError' });
  });

  it('refuses at once an MP4 that lost the table of its sample sizes', async () => {
    const bytes = Buffer.from(await fixture('h264.mp4'));
    bytes.write('free', bytes.indexOf('stsz', 0, 'latin1'), 'latin1');
    await expect(probeMedia(bytes)).rejects.toMatchObject({ name: 'InvalidMediaError' });
  });

  it.each([
    ['pcm', 8000, 1, 'audio/pcm'],
    ['pcm', 16_000, 2, 'audio/pcm'],
    ['ulaw', 8000, 1, 'audio/PCMU'],
    ['alaw', 8000, 1, 'audio/PCMA'],
  ])('takes raw %s at %d Hz, %d channels, from its hint', async (format, sampleRate, channels, contentType) => {
    const bytesPerSecond = sampleRate * channels * (format === 'pcm' ? 2 : 1);
    const silence = format === 'alaw' ? 0x55 : format === 'ulaw' ? 0x7f : 0;
    for (const samples of [Buffer.alloc(bytesPerSecond * 1.5, silence), tone(bytesPerSecond * 1.5)]) {
      const facts = await probeMedia(samples, { format, sampleRate, channels });
      expect(facts).toEqual({ kind: 'AUDIO', format, contentType, bytes: samples.length, durationSeconds: 1.5 });
    }
  });

  it('believes a header rather than a hint', async () => {
    const facts = await probeMedia(await fixture('tone.wav'), { format: 'pcm', sampleRate: 44_100 });
    expect(facts).toMatchObject({ format: 'wav', durationSeconds: 0.5 });
  });

  it('takes samples that begin like an MP3 frame or a JPEG for what the hint says', async () => {
    for (const start of ['fffb9064', 'ffd8ffe0']) {
      const samples = Buffer.concat([Buffer.from(start, 'hex'), tone(1600)]);
      expect(await probeMedia(samples, { format: 'pcm', sampleRate: 16_000 })).toMatchObject({ format: 'pcm' });
    }
  });

  it.each([
    ['text', Buffer.from('{"detail":"quota exceeded"}')],
    ['half a sample', Buffer.alloc(3)],
  ])('refuses %s where raw samples were promised', async (_what, bytes) => {
    const hint = { format: 'pcm', sampleRate: 16_000 };
    await expect(probeMedia(bytes, hint)).rejects.toMatchObject({ name: 'InvalidMediaError' });
  });
});

function tone(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, n) => Math.round(127 * Math.sin(n / 3)) & 0xff));
}
