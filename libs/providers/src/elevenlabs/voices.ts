import { own, refusedInput } from '../kit/index.js';

/** The vendor's own voices, id by lower-case name. Names are unique here though not at the vendor, whose old George is left out. */
const current = {
  alice: 'Xb7hH8MSUJpSbSDYk0k2',
  aria: '9BWtsMINqrJLrRacOk9x',
  bill: 'pqHfZKP75CvOlQylNhV4',
  brian: 'nPczCjzI2devNBz1zQrb',
  callum: 'N2lVS1w4EtoT3dr4eOWO',
  charlie: 'IKne3meq5aSn9XLyUdCD',
  charlotte: 'XB0fDUnXU5powFXDhCwa',
  chris: 'iP95p4xoKVk53GoZ742B',
  daniel: 'onwK4e9ZLuTAKqWW03F9',
  eric: 'cjVigY5qzO86Huf0OWal',
  george: 'JBFqnCBsd6RMkjVDRZzb',
  jessica: 'cgSgspJ2msm6clMCkdW9',
  laura: 'FGY2WhTYpPnrIDTdsKH5',
  liam: 'TX3LPaxmHKxFdv7VOQHJ',
  lily: 'pFZP5JQG7iQjIQuC4Bku',
  matilda: 'XrExE9yKIg1WjnnlVkGX',
  river: 'SAz9YHcvj6GT2YYXdXww',
  roger: 'CwhRBWXzGAHq8TQ4Fs17',
  sarah: 'EXAVITQu4vr4xnSDxMaL',
  will: 'bIHbv24MWmeRgasZH58o',
};

/** No longer listed by the vendor, though their ids work; may be withdrawn. */
const legacy = {
  adam: 'pNInz6obpgDQGcFmaJgB',
  antoni: 'ErXwobaYiN019PkySvjV',
  arnold: 'VR6AewLTigWG4xSOukaG',
  clyde: '2EiwWnXFnvU5JabPnv8n',
  dorothy: 'ThT5KcBeYPX3keUQqHPh',
  drew: '29vD33N1CtxCmqQRPOHJ',
  emily: 'LcfcDJNUP1GQjkzn1xUU',
  freya: 'jsCqWAovK2LkecY7zXl4',
  grace: 'oWAxZDx7w5VEj9dCyTzz',
  harry: 'SOYHLrjzK2X1ezoPC6cr',
  james: 'ZQe5CZNOzWyzPSCn5a3c',
  josh: 'TxGEqnHWrfWFTfGW9XjX',
  michael: 'flq6f7yk4E4fJM5XTYuZ',
  nicole: 'piTKgcLEGmPE4e6mEKli',
  paul: '5Q0t7uMcjvnagumLfvZi',
  rachel: '21m00Tcm4TlvDq8ikWAM',
  sam: 'yoZ06aMxZJJ28mfd3POQ',
  serena: 'pMsXgVXv3BLzUgSXRplE',
  thomas: 'GBv7mTt0atIp3Br8iCZE',
};

const voices: Record<string, string> = { ...current, ...legacy };
const names = Object.keys(voices).sort();
const voiceId = '[A-Za-z0-9]{20}';

/** A voice of the vendor that is still listed: the one that speaks when none is asked for. */
export const defaultVoice = 'sarah';

/** A name in any case, or an id. The list comes first, for it is what a refusal shows. */
export const voiceSchema = {
  type: 'string',
  anyOf: [{ enum: names }, { pattern: `^(?:${names.map(inAnyCase).join('|')}|${voiceId})$` }],
  description: `Who speaks: ${names.join(', ')}; or an ElevenLabs voice id. Takes the place of input.voice; ${defaultVoice} when neither is given.`,
};

function inAnyCase(name: string): string {
  return [...name].map((letter) => `[${letter.toUpperCase()}${letter}]`).join('');
}

/** Vendor id of a voice. VendorError `invalid-input` when it is neither a known name nor like an id. */
export function voiceIdOf(voice: string): string {
  const known = own(voices, voice.trim().toLowerCase());
  if (known) return known;
  if (new RegExp(`^${voiceId}$`).test(voice)) return voice;
  throw refusedInput(`input.voice: no such voice. Give an ElevenLabs voice id or one of ${names.join(', ')}.`);
}
