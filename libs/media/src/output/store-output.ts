import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { mediaFormats } from '../formats.js';
import { InvalidMediaError } from '../probe/invalid-media-error.js';
import type { MediaFacts } from '../probe/media-facts.js';
import { probeMedia } from '../probe/probe-media.js';
import type { MediaHint } from '../probe/raw-audio.js';
import type { AssetStore } from '../store/asset-store.js';
import { type Download, type DownloadLimits, download } from './download.js';
import { OutputError } from './output-error.js';
import { type SpooledFile, spool } from './spool.js';

type OutputSource = Download | { bytes: Uint8Array } | { stream: Readable };

type StoreOutputOptions = Partial<DownloadLimits> & {
  /** For bytes without a header of their own, such as raw PCM. */
  hint?: MediaHint;
  /** What it must be. Default: anything. */
  kind?: MediaFacts['kind'];
};

/** `sha256` in hexadecimal. */
export type StoredOutput = MediaFacts & { key: string; sha256: string };

const defaultMaxBytes = 2 * 1024 ** 3;

/**
 * Copies an output to the store as `<prefix>/<hash of its bytes>.<extension of what it is>`: stored again, it is the same file.
 * `maxBytes` is 2 GiB by default. Throws OutputError, what the store throws when it is out of order, and the reason of `signal`, which
 * ends it at any step.
 */
export async function storeOutput(
  store: AssetStore,
  prefix: string,
  source: OutputSource,
  { hint, kind, maxBytes = defaultMaxBytes, ...limits }: StoreOutputOptions = {},
): Promise<StoredOutput> {
  const { signal } = limits;
  const { content, sha256, discard } = await fetched(source, { maxBytes, ...limits });
  try {
    const facts = await unlessAborted(signal, probed(content, hint));
    if (kind && facts.kind !== kind) {
      throw new OutputError('OUTPUT_INVALID', `The file is ${facts.kind} (${facts.format}), not ${kind}`);
    }
    const key = `${prefix}/${sha256.slice(0, 32)}.${mediaFormats[facts.format].extension}`;
    const body = 'path' in content ? createReadStream(content.path) : content;
    await store.put(key, body, { contentType: facts.contentType, signal });
    return { ...facts, key, sha256 };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await discard();
  }
}

/** What comes of the work, which itself cannot be ended; the signal's reason as soon as that aborts. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function fetched(source: OutputSource, limits: DownloadLimits): Promise<SpooledFile> {
  if ('url' in source) return download(source, limits);
  return spool('bytes' in source ? Readable.from([source.bytes]) : source.stream, limits);
}

async function probed(content: SpooledFile['content'], hint: MediaHint | undefined): Promise<MediaFacts> {
  try {
    return await probeMedia(content, hint);
  } catch (error) {
    if (!(error instanceof InvalidMediaError)) throw error;
    throw new OutputError('OUTPUT_INVALID', error.message, { cause: error });
  }
}
