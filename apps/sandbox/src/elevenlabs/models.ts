import { table } from '../http/table.js';

interface SpeechModel {
  name: string;
  maxCharacters: number;
  costFactor: number;
  languages: string[];
}

const many = ['en', 'de', 'fr', 'es', 'it', 'pt', 'pl', 'ru', 'ja', 'zh', 'ko', 'hi', 'ar'];

export const models: Record<string, SpeechModel> = table({
  eleven_v3: { name: 'Eleven v3', maxCharacters: 5_000, costFactor: 1, languages: many },
  eleven_multilingual_v2: { name: 'Eleven Multilingual v2', maxCharacters: 10_000, costFactor: 1, languages: many },
  eleven_flash_v2_5: { name: 'Eleven Flash v2.5', maxCharacters: 40_000, costFactor: 0.5, languages: many },
  eleven_turbo_v2_5: { name: 'Eleven Turbo v2.5', maxCharacters: 40_000, costFactor: 0.5, languages: many },
  eleven_flash_v2: { name: 'Eleven Flash v2', maxCharacters: 30_000, costFactor: 0.5, languages: ['en'] },
  eleven_turbo_v2: { name: 'Eleven Turbo v2', maxCharacters: 30_000, costFactor: 0.5, languages: ['en'] },
  eleven_multilingual_v1: { name: 'Eleven Multilingual v1', maxCharacters: 10_000, costFactor: 1, languages: many },
  eleven_monolingual_v1: { name: 'Eleven English v1', maxCharacters: 10_000, costFactor: 1, languages: ['en'] },
});

export const modelWire = (id: string, { name, maxCharacters, costFactor, languages }: SpeechModel) => ({
  model_id: id,
  name,
  can_be_finetuned: false,
  can_do_text_to_speech: true,
  can_do_voice_conversion: false,
  can_use_style: true,
  can_use_speaker_boost: true,
  serves_pro_voices: false,
  token_cost_factor: costFactor,
  description: `${name}, in the sandbox`,
  requires_alpha_access: false,
  max_characters_request_free_user: Math.min(2_500, maxCharacters),
  max_characters_request_subscribed_user: maxCharacters,
  maximum_text_length_per_request: maxCharacters,
  languages: languages.map((language) => ({ language_id: language, name: language })),
  model_rates: { character_cost_multiplier: costFactor },
  concurrency_group: id.includes('flash') || id.includes('turbo') ? 'turbo' : 'standard',
});
