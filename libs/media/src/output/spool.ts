import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { temporaryPath } from '../temporary-files.js';
import { OutputError } from './output-error.js';

/** A file that is written again as soon as it is read is on disk only where it is long. */
const inMemoryByDefault = 8 * 1024 * 1024;

export interface SpoolLimits {
  maxBytes: number;
  /** Longer files are kept on disk. Default: 8 MiB. */
  inMemoryBytes?: number;
  /** Where long files are while they are looked at. Default: the system's directory for temporary files. */
  spoolDirectory?: string;
}

export interface SpooledFile {
  content: Buffer | { path: string };
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
  /** To be called once the content is no longer needed. */
  discard(): Promise<void>;
}

/** Takes a stream to its end, or throws what it threw, or OutputError OUTPUT_TOO_LARGE; then nothing is left of it. */
export async function spool(source: AsyncIterable<Uint8Array>, limits: SpoolLimits): Promise<SpooledFile> {
  const { maxBytes, inMemoryBytes = inMemoryByDefault, spoolDirectory } = limits;
  const path = temporaryPath(spoolDirectory);
  const discard = () => rm(path, { force: true });
  const hash = createHash('sha256');
  const held: Uint8Array[] = [];
  let bytes = 0;
  let file: FileHandle | undefined;
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      hash.update(chunk);
      held.push(chunk);
      if (bytes <= inMemoryBytes) continue;
      file ??= await open(path, 'wx', 0o600);
      for (const part of held.splice(0)) await file.writeFile(part);
    }
  } catch (error) {
    await file?.close();
    await discard();
    throw error;
  }
  await file?.close();
  return { content: file ? { path } : Buffer.concat(held), bytes, sha256: hash.digest('hex'), discard };
}

export function tooLarge(maxBytes: number): OutputError {
  return new OutputError('OUTPUT_TOO_LARGE', `The output is longer than ${maxBytes} bytes`);
}
