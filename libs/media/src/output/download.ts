import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { OutputError } from './output-error.js';

export interface Download {
  url: string;
  headers?: Record<string, string>;
}

const TRIES = 4;
const FIRST_PAUSE_MS = 250;
const STALL_MS = 30_000;
/** Longer files are spooled to disk. */
const IN_MEMORY_BYTES = 8 * 1024 * 1024;

const agent = new Agent({ headersTimeout: STALL_MS, bodyTimeout: STALL_MS, connect: { timeout: 10_000 } });

/**
 * Downloads a file: to memory, or to `spool` when it is long. Asks again after a passing failure. Throws OutputError: unavailable,
 * or too large.
 */
export async function download(from: Download, maxBytes: number, spool: string): Promise<Buffer | { path: string }> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(from, maxBytes, spool);
    } catch (error) {
      if (error instanceof OutputError) throw error;
      if (tries === TRIES) throw unavailable(error instanceof Error ? error.message : String(error), error);
      await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1));
    }
  }
}

async function attempt(
  { url, headers }: Download,
  maxBytes: number,
  spool: string,
): Promise<Buffer | { path: string }> {
  const { statusCode, body } = await request(url, { headers, dispatcher: agent });
  if (statusCode !== 200) {
    await body.dump();
    if (statusCode >= 500 || statusCode === 429) throw new Error(`it answered with status ${statusCode}`);
    throw unavailable(`it answered with status ${statusCode}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  let file: ReturnType<typeof createWriteStream> | undefined;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new OutputError('OUTPUT_TOO_LARGE', `The output is longer than ${maxBytes} bytes`);
    if (!file && size > IN_MEMORY_BYTES) {
      file = createWriteStream(spool);
      for (const held of chunks.splice(0)) file.write(held);
    }
    if (!file) chunks.push(chunk);
    else if (!file.write(chunk)) await once(file, 'drain');
  }
  if (!file) return Buffer.concat(chunks);
  await new Promise<void>((resolve, reject) => file.end((error?: Error | null) => (error ? reject(error) : resolve())));
  return { path: spool };
}

function unavailable(why: string, cause?: unknown): OutputError {
  return new OutputError('OUTPUT_UNAVAILABLE', `The output is not served: ${why}`, { cause });
}
