import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { mediaFormats } from '../formats.js';
import { InvalidMediaError } from '../probe/invalid-media-error.js';
import { type MediaFacts, probeMedia } from '../probe/probe-media.js';
import type { MediaHint } from '../probe/raw-audio.js';
import type { AssetStore } from '../store/asset-store.js';
import { type Download, download } from './download.js';
import { OutputError } from './output-error.js';

export type StoredOutput = MediaFacts & { key: string };

/**
 * Copies an output to the store as `<prefix>/<hash of its bytes>.<extension of what it is>`: stored again, it is the same file.
 * Throws OutputError, and what the store throws when it is out of order.
 */
export async function storeOutput(
  store: AssetStore,
  prefix: string,
  source: Download | { bytes: Buffer },
  { hint, maxBytes }: { hint?: MediaHint; maxBytes: number },
): Promise<StoredOutput> {
  const spool = join(tmpdir(), `doitong-output-${randomUUID()}`);
  try {
    const file = 'bytes' in source ? source.bytes : await download(source, maxBytes, spool);
    const facts = await probed(file, hint);
    const hash = await hashOf(file);
    const key = `${prefix}/${hash.slice(0, 32)}.${mediaFormats[facts.format].extension}`;
    const body = 'path' in file ? createReadStream(file.path) : file;
    await store.put(key, body, { contentType: facts.contentType, maxBytes });
    return { ...facts, key };
  } finally {
    await rm(spool, { force: true });
  }
}

async function probed(file: Buffer | { path: string }, hint: MediaHint | undefined): Promise<MediaFacts> {
  try {
    return await probeMedia(file, hint);
  } catch (error) {
    if (!(error instanceof InvalidMediaError)) throw error;
    throw new OutputError('OUTPUT_INVALID', error.message, { cause: error });
  }
}

async function hashOf(file: Buffer | { path: string }): Promise<string> {
  const hash = createHash('sha256');
  if (!('path' in file)) hash.update(file);
  else await pipeline(createReadStream(file.path), hash);
  return hash.digest('hex');
}
