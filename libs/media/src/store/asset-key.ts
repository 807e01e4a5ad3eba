import { extname } from 'node:path/posix';
import { contentTypeOfExtension } from '../formats.js';

class InvalidAssetKeyError extends Error {
  override readonly name = 'InvalidAssetKeyError';
}

const segment = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const keyForm = new RegExp(`^${segment}(?:/${segment})*$`);

/**
 * A key is a relative path of URL-safe segments that do not begin with a dot, at most 512 characters, whose extension is one
 * of our formats'. Returns the content type that it names.
 */
export function contentTypeOfKey(key: string): string {
  const contentType =
    key.length <= 512 && keyForm.test(key) ? contentTypeOfExtension(extname(key).slice(1)) : undefined;
  if (contentType === undefined)
    throw new InvalidAssetKeyError(`Not an asset key: ${JSON.stringify(key.slice(0, 600))}`);
  return contentType;
}

export function assertContentType(key: string, contentType: string): void {
  const named = contentTypeOfKey(key);
  if (contentType !== named) throw new InvalidAssetKeyError(`${key} would hold ${named}, not ${contentType}`);
}
