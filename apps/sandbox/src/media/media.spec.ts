import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { eventually, startReceiver, type TemporaryFolder, temporaryFolder } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { imageSize } from 'image-size';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { formats } from '../elevenlabs/formats.js';
import { layOut } from './av/layout.js';
import { createRenderer } from './renderer.js';
import type { MediaSpec, SpeechSpec, VideoSpec } from './specs.js';

const text = `it's "quoted": %{n} \\ [x];, $(id) \u0000 and a snowman ☃`;
const renderer = createRenderer();
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

let files = 0;
async function made(spec: MediaSpec): Promise<{ path: string; bytes: Buffer<ArrayBuffer> }> {
  files += 1;
  const path = join(folder.path, `file-${files}`);
  await renderer.render(spec, path);
  return { path, bytes: await readFile(path) };
}

const input = (bytes: Buffer<ArrayBuffer>) => new Input({ formats: ALL_FORMATS, source: new BufferSource(bytes) });
const video = (over: Partial<VideoSpec> = {}): VideoSpec => ({
  kind: 'video',
  width: 320,
  height: 180,
  seconds: 2.4,
  fps: 25,
  text,
  ...over,
});
const speech = (encoding: SpeechSpec['encoding']): SpeechSpec => ({
  kind: 'speech',
  text: 'A fox runs through the snow.',
  voice: 'some voice',
  seconds: 2,
  encoding,
});

describe('an image', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('%s is of the asked size, and the text is on it', async (format) => {
    const spec = { kind: 'image', format, width: 416, height: 256 } as const;
    const { bytes } = await made({ ...spec, text });
    const type = format === 'jpeg' ? 'jpg' : format;
    expect(imageSize(new Uint8Array(bytes))).toMatchObject({ width: 416, height: 256, type });
    // Text is the only thing on the plain ground that takes bytes.
    const blank = await made({ ...spec, text: '' });
    expect(bytes.length).toBeGreaterThan(blank.bytes.length + 500);
  });

  it('equal specs make equal bytes', async () => {
    const spec = { kind: 'image', format: 'png', width: 64, height: 64, text } as const;
    expect((await made(spec)).bytes.equals((await made(spec)).bytes)).toBe(true);
  });
});

describe('a video', () => {
  it('is H.264 of the asked length and size, its index in front, every frame there', async () => {
    const { bytes } = await made(video());
    const track = (await input(bytes).getPrimaryVideoTrack())!;
    expect(track).toMatchObject({ codec: 'avc', displayWidth: 320, displayHeight: 180 });
    expect(await track.computeDuration()).toBeCloseTo(2.4, 2);
    expect((await track.computePacketStats()).packetCount).toBe(60);
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
    expect((await new EncodedPacketSink(track).getFirstPacket())?.type).toBe('key');
  });

  it('of a portrait and a voice shows the one and is as long as the other is heard', async () => {
    const portrait = await made({ kind: 'image', format: 'png', width: 300, height: 500, text: 'a face' });
    const voice = await made(speech({ container: 'mp3', sampleRate: 44_100, kbps: 64 }));
    const size = { width: 240, height: 426 };
    const { bytes } = await made(video({ ...size, picture: portrait.path, sound: voice.path }));
    const tracks = input(bytes);
    const sound = (await tracks.getPrimaryAudioTrack())!;
    expect(await tracks.getPrimaryVideoTrack()).toMatchObject({ codedWidth: 240, codedHeight: 426 });
    expect(sound.codec).toBe('aac');
    expect(await sound.computeDuration()).toBeCloseTo(2.4, 1);
    const plain = await made(video(size));
    expect(bytes.length).toBeGreaterThan(plain.bytes.length);
  });

  it('of a portrait that is no image cannot be made', async () => {
    const path = join(folder.path, 'no-image');
    await writeFile(path, 'ffconcat version 1.0\nfile /etc/passwd\n');
    await expect(renderer.render(video({ picture: path }), join(folder.path, 'never'))).rejects.toThrow();
    expect(await renderer.probe(path)).toEqual({});
  });

  const chromium = browserPath();
  const browserIt = chromium ? it : it.skip;
  browserIt('plays in a browser (needs chromium on PATH or in CHROMIUM_PATH)', async () => {
    const sound = speech({ container: 'mp3', sampleRate: 44_100, kbps: 64 });
    const { bytes } = await made(video({ sound }));
    const receiver = await startReceiver();
    const page = join(folder.path, 'page.html');
    await writeFile(
      page,
      `<body><video src="data:video/mp4;base64,${bytes.toString('base64')}" muted></video><script>
        const video = document.querySelector('video');
        const tell = (word) => {
          const facts = [word, video.videoWidth, video.videoHeight, video.duration.toFixed(1)];
          new Image().src = '${receiver.url}/' + facts.join('/');
        };
        video.onerror = () => tell('failed');
        video.onseeked = () => tell('plays');
        video.onloadeddata = () => { video.currentTime = 2; };
      </script></body>`,
    );
    const profile = `--user-data-dir=${join(folder.path, 'profile')}`;
    const browser = spawn(chromium ?? '', ['--headless', '--no-sandbox', '--disable-gpu', profile, `file://${page}`]);
    const seen = await eventually(() => receiver.requests[0], { timeoutMs: 50_000 });
    browser.kill('SIGKILL');
    await receiver.stop();
    expect(seen.path).toBe('/plays/320/180/2.4');
  });
});

describe('speech', () => {
  const compressed = Object.entries(formats).filter(([name]) => /mp3|opus|wav/.test(name));
  it.each(compressed)('%s is of the asked rate and length', async (_, encoding) => {
    const { bytes } = await made(speech(encoding));
    const track = (await input(bytes).getPrimaryAudioTrack())!;
    expect(track.sampleRate).toBe(encoding.sampleRate);
    expect(await track.computeDuration()).toBeCloseTo(2, 0);
    if (encoding.container === 'mp3') {
      const seconds = (bytes.length * 8) / ((encoding.kbps ?? 0) * 1000);
      expect(seconds).toBeCloseTo(2, 0);
    }
  });

  it.each(Object.entries(formats).filter(([name]) => /pcm|law/.test(name)))(
    '%s is raw, and audible',
    async (_, encoding) => {
      const { bytes } = await made(speech(encoding));
      const width = encoding.container === 'pcm' ? 2 : 1;
      expect(bytes.length).toBe(2 * encoding.sampleRate * width);
      if (width === 1) return;
      const samples = Array.from({ length: bytes.length / 2 }, (_, index) => Math.abs(bytes.readInt16LE(index * 2)));
      expect(Math.max(...samples)).toBeGreaterThan(3_000);
    },
  );
});

it('text is broken into lines that fit, and cut with an ellipsis', () => {
  const { text: short } = layOut('a fox in the snow', 1024, 768);
  expect(short).toBe('a fox in the snow');
  const long = layOut('word '.repeat(2_000), 640, 360);
  expect(long.text.endsWith('…')).toBe(true);
  const widest = Math.max(...long.text.split('\n').map((line) => line.length));
  expect(widest * long.fontSize * 0.602).toBeLessThan(640);
  expect(long.text.split('\n').length * long.fontSize * 1.3).toBeLessThan(360);
});

function browserPath(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((path) => join(path, 'chromium')).find((path) => existsSync(path));
}
