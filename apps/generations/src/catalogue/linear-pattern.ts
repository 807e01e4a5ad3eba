import { RE2JS } from 're2js';

/** Work grows with the one times the other, and no more: at these, tens of milliseconds at worst. */
const LARGEST_PROGRAM = 2_000;
const LONGEST_TEXT = 1_000;

/** The regular expression of a manifest, for Ajv: by RE2, whose time grows with the text and never explodes. Throws on what RE2 has not, or is too large. */
function compile(pattern: string): { test(text: string): boolean; toString(): string } {
  const compiled = RE2JS.compile(pattern);
  if (compiled.programSize() > LARGEST_PROGRAM) throw new Error('a pattern is too large');
  return {
    test: (text) => text.length <= LONGEST_TEXT && compiled.matcher(text).find(),
    // By this Ajv tells the patterns of a schema apart.
    toString: () => pattern,
  };
}

/** `code` is for schemas that are written out as source, which none of these is. */
export const linearPattern = Object.assign(compile, { code: 'linearPattern' });
