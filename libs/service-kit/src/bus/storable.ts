import { toUSVString } from 'node:util';
import { DoitongError, invalidInput } from '@doitong/contracts';

/** JSON never has it as it is: NUL must be escaped, and half of a surrogate pair has no UTF-8. */
const ESCAPE = '\\u';

/**
 * Throws INVALID_INPUT where the text of a message, at whatever depth, is what PostgreSQL cannot hold: NUL, or half of a surrogate pair. Here,
 * and so for every service: who stores a text need not look at it again. `json` is what `value` was read from; most messages have no
 * escape, and are not walked through.
 */
export function checkStorable(json: string, value: unknown): void {
  if (json.includes(ESCAPE)) check(value, []);
}

/** The value with U+FFFD for what cannot be stored: for texts of others that we must not refuse, such as what a vendor says. */
export function madeStorable<T>(value: T): T {
  const json = JSON.stringify(value, (_name, part) => (typeof part === 'string' ? storableText(part) : part));
  return JSON.parse(json);
}

const storableText = (text: string) => toUSVString(text).replaceAll('\0', '\uFFFD');

function check(value: unknown, path: readonly string[]): void {
  if (typeof value === 'string') {
    if (storableText(value) !== value) throw unstorable(path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      check(name, path);
      check(part, [...path, name]);
    }
  }
}

/** As customers call a field, without the argument that all of their input is in. */
function unstorable(path: readonly string[]): DoitongError {
  const field = (path.length > 1 ? path.slice(1) : path).join('.');
  const message = 'must not hold the character U+0000, nor half of a surrogate pair.';
  return field ? invalidInput(field, `${field} ${message}`) : new DoitongError('INVALID_INPUT', `A name ${message}`);
}
