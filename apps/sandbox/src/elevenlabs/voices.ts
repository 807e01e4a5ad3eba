const current = {
  Alice: 'Xb7hH8MSUJpSbSDYk0k2',
  Aria: '9BWtsMINqrJLrRacOk9x',
  Bill: 'pqHfZKP75CvOlQylNhV4',
  Brian: 'nPczCjzI2devNBz1zQrb',
  Callum: 'N2lVS1w4EtoT3dr4eOWO',
  Charlie: 'IKne3meq5aSn9XLyUdCD',
  Charlotte: 'XB0fDUnXU5powFXDhCwa',
  Chris: 'iP95p4xoKVk53GoZ742B',
  Daniel: 'onwK4e9ZLuTAKqWW03F9',
  Eric: 'cjVigY5qzO86Huf0OWal',
  George: 'JBFqnCBsd6RMkjVDRZzb',
  Jessica: 'cgSgspJ2msm6clMCkdW9',
  Laura: 'FGY2WhTYpPnrIDTdsKH5',
  Liam: 'TX3LPaxmHKxFdv7VOQHJ',
  Lily: 'pFZP5JQG7iQjIQuC4Bku',
  Matilda: 'XrExE9yKIg1WjnnlVkGX',
  River: 'SAz9YHcvj6GT2YYXdXww',
  Roger: 'CwhRBWXzGAHq8TQ4Fs17',
  Sarah: 'EXAVITQu4vr4xnSDxMaL',
  Will: 'bIHbv24MWmeRgasZH58o',
};

/** Still speak, but are listed only on request. */
const legacy = {
  Rachel: '21m00Tcm4TlvDq8ikWAM',
  Adam: 'pNInz6obpgDQGcFmaJgB',
  Antoni: 'ErXwobaYiN019PkySvjV',
  Arnold: 'VR6AewLTigWG4xSOukaG',
  Clyde: '2EiwWnXFnvU5JabPnv8n',
  Dorothy: 'ThT5KcBeYPX3keUQqHPh',
  Drew: '29vD33N1CtxCmqQRPOHJ',
  Emily: 'LcfcDJNUP1GQjkzn1xUU',
  Freya: 'jsCqWAovK2LkecY7zXl4',
  'George (old)': 'Yko7PKHZNXotIFUBG7I9',
  Grace: 'oWAxZDx7w5VEj9dCyTzz',
  Harry: 'SOYHLrjzK2X1ezoPC6cr',
  James: 'ZQe5CZNOzWyzPSCn5a3c',
  Josh: 'TxGEqnHWrfWFTfGW9XjX',
  Michael: 'flq6f7yk4E4fJM5XTYuZ',
  Nicole: 'piTKgcLEGmPE4e6mEKli',
  Paul: '5Q0t7uMcjvnagumLfvZi',
  Sam: 'yoZ06aMxZJJ28mfd3POQ',
  Serena: 'pMsXgVXv3BLzUgSXRplE',
  Thomas: 'GBv7mTt0atIp3Br8iCZE',
};

export interface Voice {
  id: string;
  name: string;
  isLegacy: boolean;
}

const listed = (names: Record<string, string>, isLegacy: boolean): Voice[] =>
  Object.entries(names).map(([name, id]) => ({ id, name, isLegacy }));

export const voices: Voice[] = [...listed(current, false), ...listed(legacy, true)];

export const voiceById = (id: string) => voices.find((voice) => voice.id === id);

export const defaultSettings = { stability: 0.5, similarity_boost: 0.75, style: 0, use_speaker_boost: true, speed: 1 };

/** A voice as the lists tell it. */
export const voiceWire = ({ id, name, isLegacy }: Voice) => ({
  voice_id: id,
  name,
  samples: null,
  category: 'premade',
  fine_tuning: { is_allowed_to_fine_tune: true, state: {} },
  labels: { use_case: 'narration' },
  description: `${name}, a voice of the sandbox`,
  preview_url: null,
  available_for_tiers: [],
  settings: null,
  sharing: null,
  high_quality_base_model_ids: ['eleven_multilingual_v2', 'eleven_v3'],
  verified_languages: [],
  is_legacy: isLegacy,
});
