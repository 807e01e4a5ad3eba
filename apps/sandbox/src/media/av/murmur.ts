import { createHash } from 'node:crypto';

/** Loudness of a character's sound: vowels sing, consonants murmur, gaps are silent. */
function loudness(character: string): number {
  if (/[aeiouyäöüáéíóúàèêåæø]/i.test(character)) return 1;
  return /[\p{L}\p{N}]/u.test(character) ? 0.45 : 0;
}

/** Between 90 and 230 Hz, by voice. */
function pitchOf(voice: string): number {
  return 90 + ((createHash('sha256').update(voice).digest()[0] ?? 0) / 255) * 140;
}

/**
 * Mono samples from -1 to 1, in chunks of a tenth of a second: each character of `text` sounds for an equal share of `seconds`,
 * so that the voice keeps the rhythm of the words.
 */
export function* murmur(text: string, voice: string, seconds: number, sampleRate: number): Generator<Float32Array> {
  const characters = [...text];
  const levels = characters.map(loudness);
  const total = Math.max(1, Math.round(seconds * sampleRate));
  const perCharacter = total / Math.max(1, characters.length);
  const pitch = pitchOf(voice);
  let level = 0;
  let phase = 0;
  for (let start = 0; start < total; start += sampleRate / 10) {
    const chunk = new Float32Array(Math.min(Math.round(sampleRate / 10), total - start));
    for (let index = 0; index < chunk.length; index += 1) {
      const at = (start + index) / perCharacter;
      // Slides to each level instead of jumping: a jump is heard as a click.
      level += ((levels[Math.floor(at)] ?? 0) - level) * Math.min(1, 60 / sampleRate);
      phase += ((2 * Math.PI) / sampleRate) * pitch * (1 + 0.12 * Math.sin(at * 0.7));
      chunk[index] = 0.3 * level * (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.25 * Math.sin(5 * phase));
    }
    yield chunk;
  }
}
