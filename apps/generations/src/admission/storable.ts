import { toUSVString } from 'node:util';
import { invalidInput } from '@doitong/contracts';

/** Throws INVALID_INPUT where a string, at whatever depth, holds what no text column can: NUL, or half of a surrogate pair. */
export function checkStorable(value: unknown, path = ''): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || toUSVString(value) !== value) {
      throw invalidInput(path, `${path} must be Unicode text without NUL characters.`);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      checkStorable(name, path);
      checkStorable(inner, path ? `${path}.${name}` : name);
    }
  }
}
