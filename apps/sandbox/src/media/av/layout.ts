import { createHash } from 'node:crypto';

/** A monospaced font's character is so wide, as a part of its size; true of DejaVu Sans Mono. */
const advance = 0.602;
const lineHeight = 1.3;

export interface TextLayout {
  fontSize: number;
  text: string;
}

/** Breaks `text` into lines that fit the picture, in a size that suits it. What does not fit is cut, with an ellipsis. */
export function layOut(text: string, width: number, height: number): TextLayout {
  const fontSize = Math.max(10, Math.round(Math.min(width, height) / 18));
  const columns = Math.max(4, Math.floor((width * 0.9) / (fontSize * advance)));
  const rows = Math.max(1, Math.floor((height * 0.7) / (fontSize * lineHeight)));
  // Control characters have no glyph.
  const words = text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .split(' ');
  const lines: string[] = [];
  for (const word of words) {
    for (const piece of pieces(word, columns)) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + piece.length <= columns) lines[lines.length - 1] = `${last} ${piece}`;
      else lines.push(piece);
    }
    if (lines.length > rows) break;
  }
  const shown = lines.slice(0, rows);
  if (lines.length > rows) shown[rows - 1] = `${shown[rows - 1]?.slice(0, columns - 1)}…`;
  return { fontSize, text: shown.join('\n') };
}

const pieces = (word: string, columns: number) => word.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? [''];

/** A dark colour of the text's own, as `0xRRGGBB`. */
export function colourOf(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  const channel = (index: number) => (24 + ((digest[index] ?? 0) % 104)).toString(16).padStart(2, '0');
  return `0x${channel(0)}${channel(1)}${channel(2)}`;
}
