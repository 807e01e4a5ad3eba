import { invalidArgument } from './errors.js';
import { voices } from './models.js';

export interface VoiceQuery {
  q?: string;
  limit?: string;
  gender?: string;
  language?: string;
}

const largestPage = 100;

/** All voices that have the asked gender and language; those that the most words of `q` are about come first. */
export function searchVoices({ q, limit, gender, language }: VoiceQuery) {
  if (!q) throw invalidArgument('q', 'q is required', 'required');
  const words = q.toLowerCase().split(/\W+/);
  const rank = ({ name, labels }: (typeof voices)[number]) => {
    const about = [name.toLowerCase(), ...Object.values(labels)];
    return words.filter((word) => about.includes(word)).length;
  };
  return voices
    .filter(({ labels }) => (!gender || labels.gender === gender) && (!language || labels.language === language))
    .sort((one, other) => rank(other) - rank(one))
    .slice(0, Math.min(largestPage, Math.max(1, Number(limit) || largestPage)));
}
