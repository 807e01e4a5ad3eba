import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { imageSize } from 'image-size';
import { pythonWith } from './__fixtures__/python.js';
import { startSandbox, type TestSandbox } from './__fixtures__/sandbox.js';

const javascript = new URL('./__fixtures__/sdks.mjs', import.meta.url);
const python = new URL('./__fixtures__/hedra_client.py', import.meta.url);
const requirements = fileURLToPath(new URL('./__fixtures__/requirements.txt', import.meta.url));
let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

/** What a script prints, which uses a client that is not ours. */
// biome-ignore lint/suspicious/noExplicitAny: printed by a script
async function seenBy(program: string, script: URL): Promise<any> {
  // Without the settings that this machine's user has for the vendor's command line.
  const env = { ...process.env, MMX_CONFIG_DIR: sandbox.folder };
  const args = [fileURLToPath(script), sandbox.url];
  const { stdout } = await promisify(execFile)(program, args, { env, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout);
}

describe("the vendors' clients in JavaScript", () => {
  let seen: Awaited<ReturnType<typeof seenBy>>;
  beforeAll(async () => {
    seen = await seenBy(process.execPath, javascript);
  });

  it("elevenlabs' finds voices, models and the history, and speaks", () => {
    const text = 'Hello there. [[sandbox:rate-limited-once]]';
    expect(seen.elevenlabs).toMatchObject({ voice: 'George', sameVoice: 'George', characters: ['H', 'i'] });
    expect(seen.elevenlabs).toMatchObject({ history: ['Hi', text], used: text.length + 2 });
    expect(seen.elevenlabs.models).toContain('eleven_multilingual_v2');
    expect(seen.elevenlabs.speechBytes).toBe(Math.round((text.length / 14) * 100) * 320);
    expect(seen.elevenlabs.heardAgain).toBeGreaterThan(1_000);
    expect(seen.elevenlabs.overage).toEqual({ amount: '0', currency: 'usd' });
  });

  it('it tries again after a rate limit, asking once more and no more, and understands an error', async () => {
    expect([await sandbox.submits('rate-limited-once'), await sandbox.asked('rate-limited-once')]).toEqual([1, 2]);
    expect(seen.elevenlabs.refused).toEqual([401, 'quota_exceeded']);
  });

  it("minimax' makes videos of both interfaces, images and speech", () => {
    const { video, videoV2, againV2, images, speechBytes, saidBytes } = seen.minimax;
    expect(video).toEqual(['Success', 1366, 'video/mp4']);
    expect(videoV2).toMatchObject({ model: 'MiniMax-H3', status: 'succeeded', resolution: '2K', ratio: '16:9' });
    expect(videoV2.content.url).toContain('/files/minimax/');
    expect(againV2).toBe('succeeded');
    expect([images, speechBytes]).toEqual([[2, 2], saidBytes]);
  });

  it('it understands errors of both interfaces', () => {
    const { quota, quotaV2, rejectedV2, failed, failedV2 } = seen.minimax;
    expect([quota[1], quotaV2[1], rejectedV2[1]]).toEqual([1, 4, 10]);
    expect([quota[0], failed[0], failedV2[0]].join()).toMatch(
      /insufficient balance.*internal error.*1013: .*internal/s,
    );
  });

  it('the AI SDK makes an image of black-forest-labs', () => {
    const image = new Uint8Array(Buffer.from(seen.image, 'base64'));
    expect(imageSize(image)).toMatchObject({ width: 512, height: 256, type: 'jpg' });
  });
});

describe("hedra's client in Python", () => {
  let seen: Awaited<ReturnType<typeof seenBy>>;
  beforeAll(async () => {
    seen = await seenBy(await pythonWith(requirements), python);
  });

  it('finds models and voices, and learns what a job costs before and after', () => {
    expect(seen).toMatchObject({ modalities: ['audio', 'video'], model: 'Hedra Character 3', found: 'Rachel' });
    expect(seen.voices).toContain('George');
    expect(seen.estimate).toBe(seen.cost);
    expect(seen).toMatchObject({ balance: 1_000, algorithm: 'ed25519' });
  });

  it('makes an avatar of an upload and of speech, and lists its jobs', () => {
    expect(seen).toMatchObject({ status: 'COMPLETED', films: [true] });
    expect(seen.film).toEqual([540, expect.stringContaining('/files/hedra/')]);
    expect(seen.jobs.length).toBeGreaterThan(2);
    expect(seen.jobs).not.toContain(false);
  });

  it('follows jobs to their end by server-sent events', () => {
    expect([seen.states.at(-1), seen.failed]).toEqual(['COMPLETED', ['FAILED', 'INTERNAL']]);
  });

  it('asks twice with one idempotency key for one job, also when it repeats a lost answer by itself', async () => {
    expect(seen.repeated).toBe(true);
    expect([await sandbox.submits('made once.'), await sandbox.asked('made once.')]).toEqual([1, 2]);
    expect([await sandbox.submits('Said once.'), await sandbox.asked('Said once.')]).toEqual([1, 2]);
  });

  it('understands errors', () => {
    expect(seen.quota).toEqual([402, 'INSUFFICIENT_BALANCE', 'invalid_request_error']);
    expect(seen.rejected).toEqual([422, 'MODERATION_FAILED', 'invalid_request_error']);
  });
});
