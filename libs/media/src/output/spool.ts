import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutputError } from './output-error.js';

/** Longer files are kept on disk. */
const inMemoryBytes = 8 * 1024 * 1024;

export interface SpoolLimits {
  maxBytes: number;
  /** Where long files are while they are looked at. Default: the system's directory for temporary files. */
  spoolDirectory?: string;
}

export interface SpooledFile {
  content: Buffer | { path: string };
  /** In hexadecimal. */
  sha256: string;
  /** To be called once the content is no longer needed. */
  discard(): Promise<void>;
}

/** Takes a stream to its end, or throws what it threw, or OutputError OUTPUT_TOO_LARGE; then nothing is left of it. */
export async function spool(source: AsyncIterable<Uint8Array>, limits: SpoolLimits): Promise<SpooledFile> {
  const { maxBytes, spoolDirectory = tmpdir() } = limits;
  const path = join(spoolDirectory, `doitong-output-${randomUUID()}`);
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
    await discard();
    throw error;
  } finally {
    await file?.close();
  }
  return { content: file ? { path } : Buffer.concat(held), sha256: hash.digest('hex'), discard };
}

export function tooLarge(maxBytes: number): OutputError {
  return new OutputError('OUTPUT_TOO_LARGE', `The output is longer than ${maxBytes} bytes`);
}
