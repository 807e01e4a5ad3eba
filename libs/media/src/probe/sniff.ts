export type Signature = 'png' | 'jpeg' | 'webp' | 'wav' | 'ogg' | 'matroska' | 'isobmff' | 'mp3';

/** Which kind of file begins with these bytes. Give it 12 or more. */
export function sniff(head: Uint8Array): Signature | undefined {
  const ascii = Buffer.from(head.subarray(0, 12)).toString('latin1');
  if (ascii.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (ascii.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (ascii.startsWith('RIFF') && ascii.endsWith('WEBP')) return 'webp';
  if (ascii.startsWith('RIFF') && ascii.endsWith('WAVE')) return 'wav';
  if (ascii.startsWith('OggS')) return 'ogg';
  if (ascii.startsWith('\x1a\x45\xdf\xa3')) return 'matroska';
  if (ascii.startsWith('ftyp', 4)) return 'isobmff';
  if (ascii.startsWith('ID3') || isMp3Frame(head)) return 'mp3';
  return undefined;
}

/** What raw samples can look like by chance: these signatures have too few bytes to contradict a hint. */
export function couldBeSamples(signature: Signature | undefined): boolean {
  return signature === undefined || signature === 'jpeg' || signature === 'mp3';
}

/** Whether the bytes read as text (HTML, JSON, an error message). Silence in A-law, a row of `U`, has nothing between words. */
export function looksLikeText(head: Uint8Array): boolean {
  const text = decodeUtf8(head);
  return text !== undefined && /[\s<{]/.test(text) && !/[^\s\u0020-\u007e\u00a0-\uffff]/.test(text);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    // A multi-byte character may be cut at the end of what was read.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** Eleven sync bits, then a version that is not reserved, and layer III. */
function isMp3Frame([first = 0, second = 0]: Uint8Array): boolean {
  return first === 0xff && (second & 0xe0) === 0xe0 && ((second >> 3) & 3) !== 1 && ((second >> 1) & 3) === 1;
}
