import { afterEach, describe, expect, it } from '@jest/globals';
import { fixturesOf, type Reply, type ScriptedVendor, scriptedVendor } from '../kit/testing/loopback.js';
import { type Asked, requestOf } from '../kit/testing/request.js';
import { family } from './index.js';
import { rawAudio } from './wire.js';

const fixture = fixturesOf(import.meta.url);
const json = (name: string, status: number): Reply => ({ status, json: fixture(`${name}.json`) });
const audio: Reply = { bytes: Buffer.from('ID3 audio'), headers: { 'content-type': 'audio/mpeg' } };
const sarah = 'EXAVITQu4vr4xnSDxMaL';
const rachel = '21m00Tcm4TlvDq8ikWAM';

let vendor: ScriptedVendor | undefined;
afterEach(() => vendor?.close());

async function speak(asked: Omit<Asked, 'provider'>, reply = audio, voice = sarah) {
  vendor = await scriptedVendor({ [`POST /v1/text-to-speech/${voice}`]: reply });
  const request = requestOf(family, { provider: 'elevenlabs', ...asked });
  return family.adapter.submit(request, vendor.context()).catch((error) => error);
}

const text = 'Hello there.';

describe('a submit', () => {
  it('answers with the audio itself', async () => {
    const submission = await speak({ input: { text } });
    expect(submission).toEqual({ kind: 'output', output: { source: { bytes: audio.bytes }, hint: undefined } });
    expect(vendor?.heard[0]?.query).toEqual({ output_format: 'mp3_44100_128' });
    expect(vendor?.heard[0]?.json).not.toHaveProperty('output_format');
  });

  it('the published sample: a voice by its old name, an emotion by stability and style', async () => {
    const options = { voice: 'rachel', emotion: 'excited', speed: 1.0 };
    await speak({ input: { text }, options }, audio, rachel);
    expect(vendor?.heard[0]?.json).toMatchObject({
      text,
      model_id: 'eleven_multilingual_v2',
      voice_settings: { stability: 0.3, style: 0.6, similarity_boost: 0.75, speed: 1 },
    });
  });

  it('settings of the customer’s own go before those of the emotion', async () => {
    const options = { emotion: 'excited', stability: 0.9, styleExaggeration: 0 };
    await speak({ input: { text }, options });
    expect(vendor?.heard[0]?.json).toMatchObject({ voice_settings: { stability: 0.9, style: 0 } });
  });

  it('v3 is told the emotion in a tag, and has three steps of stability', async () => {
    await speak({ model: 'eleven_v3', input: { text }, options: { emotion: 'excited', stability: 1 } });
    expect(vendor?.heard[0]?.json).toMatchObject({ text: `[excited] ${text}`, voice_settings: { stability: 1 } });
    expect(() =>
      requestOf(family, { provider: 'elevenlabs', model: 'eleven_v3', input: {}, options: { stability: 0.3 } }),
    ).toThrow();
  });

  it.each([
    ['old format', json('quota-exceeded-old', 401), 'balance'],
    ['new format', json('voice-not-found', 404), 'invalid-input'],
    ['busy', json('rate-limited', 429), 'rate-limited'],
    ['validation', json('validation-error', 422), 'invalid-input'],
    ['a text in place of the detail', { status: 401, json: { detail: 'Unauthorized' } }, 'credential'],
    ['an invalid key', { status: 401, json: { detail: { status: 'invalid_api_key' } } }, 'credential'],
    ['a key without this right', { status: 401, json: { detail: { status: 'missing_permissions' } } }, 'forbidden'],
    ['a voice of a dearer plan', { status: 403, json: { detail: { status: 'only_for_creator+' } } }, 'forbidden'],
    ['a code that we do not know', { status: 401, json: { detail: { code: 'voice_is_private' } } }, 'forbidden'],
    ['an error inside', { status: 500, json: { detail: { status: 'internal_server_error' } } }, 'server-error'],
    [
      'a code that is the name of a method',
      { status: 400, json: { detail: { code: 'constructor' } } },
      'invalid-input',
    ],
    ['a code that is no text', { status: 401, json: { detail: { code: 7 } } }, 'credential'],
    ['moderation', { status: 400, json: { detail: { status: 'content_policy_violation' } } }, 'content-rejected'],
  ])('the vendor’s code decides: %s', async (_, reply, kind) => {
    expect(await speak({ input: { text } }, reply)).toMatchObject({ kind });
  });

  it.each([
    ['pcm_24000', { format: 'pcm', sampleRate: 24_000 }],
    ['mp3_44100_128', undefined],
    ['wav_44100', undefined],
  ])('%s has the hint %p', (format, hint) => {
    expect(rawAudio(format)).toEqual(hint);
  });
});

describe('a voice', () => {
  it.each([
    [{ options: { voice: 'rachel' } }, rachel],
    [{ options: { voice: 'Rachel' } }, rachel],
    [{ options: { voice: 'RACHEL' } }, rachel],
    [{ input: { text, voice: ' Rachel' } }, rachel],
    [{ input: { text, voice: 'sarah' }, options: { voice: 'rachel' } }, rachel],
    [{ options: { voice: 'abcdefghij0123456789' } }, 'abcdefghij0123456789'],
    [{ input: { text, voice: 'abcdefghij0123456789' } }, 'abcdefghij0123456789'],
    [{}, sarah],
  ])('%j is %s', async (asked, voice) => {
    expect(await speak({ input: { text }, ...asked }, audio, voice)).toMatchObject({ kind: 'output' });
  });

  it('that nobody knows is refused by the schema, with the names that it may be', () => {
    const ask = () => requestOf(family, { provider: 'elevenlabs', input: { text }, options: { voice: 'bob' } });
    expect(ask).toThrow(/"allowedValues":\["adam"/);
  });

  it.each(['bob', 'constructor', '__proto__', 'toString'])(
    'that nobody knows is refused without asking the vendor, also in input.voice: %s',
    async (voice) => {
      expect(await speak({ input: { text, voice } })).toMatchObject({
        kind: 'invalid-input',
        publicMessage: expect.stringContaining('rachel'),
      });
      expect(vendor?.heard).toHaveLength(0);
    },
  );
});

describe('a lost answer', () => {
  const request = requestOf(family, { provider: 'elevenlabs', input: { text } });
  const submittedAfter = new Date('2026-01-01T00:00:00Z');
  const lookup = async (script: Record<string, Reply>) => {
    vendor = await scriptedVendor(script);
    return family.adapter.lookup?.(request, vendor.context(), submittedAfter);
  };

  it('is found in the history by text, voice, model and settings', async () => {
    const found = await lookup({
      'GET /v1/history': json('history', 200),
      'GET /v1/history/ours/audio': audio,
    });
    expect(found).toMatchObject({ kind: 'output', output: { source: { bytes: audio.bytes } } });
    expect(vendor?.heard[0]?.query).toMatchObject({ voice_id: sarah, model_id: 'eleven_multilingual_v2' });
  });

  it('is not confused with what was spoken before it', async () => {
    const history = fixture('history.json') as { history: { date_unix: number }[] };
    for (const item of history.history) item.date_unix -= 3_600;
    expect(await lookup({ 'GET /v1/history': { json: history } })).toBeUndefined();
  });
});
