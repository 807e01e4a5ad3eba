import { rm, writeFile } from 'node:fs/promises';
import { temporaryPath } from '../temporary-files.js';
import type { MediaFacts } from './media-facts.js';
import type { MediaHint } from './raw-audio.js';
import { ReaderProcess } from './reader-process.js';

const reader = new ReaderProcess();

/**
 * What a file is, read from its bytes and never from what its sender called it. A hint counts only for raw samples, whose bytes
 * tell nothing. Throws InvalidMediaError for what is not media, is not of a format in `mediaFormats`, is cut short or corrupt, or
 * takes more time or memory to read than any good file.
 */
export async function probeMedia(input: Uint8Array | { path: string }, hint?: MediaHint): Promise<MediaFacts> {
  if ('path' in input) return reader.read({ path: input.path, hint });
  // A file is handed to the other process ten times as fast as bytes are.
  const path = temporaryPath();
  try {
    await writeFile(path, input, { flag: 'wx', mode: 0o600 });
    return await reader.read({ path, hint });
  } finally {
    await rm(path, { force: true });
  }
}
