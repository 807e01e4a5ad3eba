import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EgressRefusedError, guardedStream } from '@doitong/egress';
import { OutputError, type SpooledFile, spool } from '@doitong/media';
import { VendorError } from '@doitong/providers/kit';
import type { ByteBudget } from './byte-budget.js';
import { checkFile } from './check-file.js';
import { type FileInput, type InputFile, MOST_INPUT_BYTES, unavailable, unfit } from './input-file.js';

/** How we call ourselves to the hosts of customers' files. */
const USER_AGENT = 'Doitong/1.0';
const MOST_TRIES = 4;
const MOST_REDIRECTS = 5;
const MEGABYTE = 1024 * 1024;
/** Hosts that choose a form by what is accepted choose one that we take; those that know only one have it taken all the same. */
const accept: Record<FileInput, string> = {
  image: 'image/png, image/jpeg, image/webp, */*;q=0.1',
  audio: 'audio/*, */*;q=0.1',
};

interface InputLimits {
  /** For all redirects together, in ms. */
  timeoutMs: number;
  maxBytes: number;
  /** Before the second try; each further pause is twice as long. */
  firstPauseMs: number;
  /** Where files are kept. Default: the system's directory for temporary files. */
  directory?: string;
}

const LIMITS: InputLimits = { timeoutMs: 30_000, maxBytes: MOST_INPUT_BYTES, firstPauseMs: 1_000 };

/** A host may be slow, and there may be hundreds of them: what it has sent so far is on disk. */
const IN_MEMORY_BYTES = 64 * 1024;
/** What our own disk says when it does not take a file. */
const DISK_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'EACCES', 'ENOENT']);

interface Got {
  file: SpooledFile;
  /** What its host calls it. */
  told: string | undefined;
}

/** Reads what customers' URLs point at, through the egress guard. */
export class InputReader {
  /** `memory`: of which those who load what was read take their share. */
  constructor(
    private readonly allowLoopback: boolean,
    readonly memory: ByteBudget,
    private readonly limits: InputLimits = LIMITS,
  ) {}

  /**
   * Asks four times in all a host that fails, is busy, or breaks the connection. Throws VendorError, `input-unfit` or `input-unavailable`,
   * which names the input, what was found and what is taken, or the signal's reason.
   */
  async read(name: FileInput, url: string, signal: AbortSignal): Promise<InputFile> {
    const { file, told } = await this.insist(name, url, signal);
    const { content, bytes, discard } = file;
    try {
      const { contentType, durationSeconds } = await checkFile(name, file, told);
      const load = async () => ('path' in content ? readFile(content.path) : content);
      return { bytes, contentType, durationSeconds, content: load, discard };
    } catch (error) {
      await discard();
      throw isDisks(error) ? keptNot(name, error as Error) : error;
    }
  }

  private async insist(name: FileInput, url: string, signal: AbortSignal): Promise<Got> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.fetch(name, url, signal);
      } catch (error) {
        signal.throwIfAborted();
        const mayPass = error instanceof VendorError && error.kind === 'input-unavailable' && !isLate(error.cause);
        if (!mayPass || tries === MOST_TRIES) throw error;
        await sleep(this.limits.firstPauseMs * 2 ** (tries - 1), undefined, { signal });
      }
    }
  }

  private async fetch(name: FileInput, url: string, signal: AbortSignal): Promise<Got> {
    const { timeoutMs, maxBytes, directory } = this.limits;
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const { status, headers, body } = await guardedStream(url, {
        headers: { 'user-agent': USER_AGENT, accept: accept[name], 'accept-encoding': 'identity' },
        redirects: MOST_REDIRECTS,
        timeoutMs,
        allowHttp: true,
        allowLoopback: this.allowLoopback,
        signal: AbortSignal.any([signal, late]),
      });
      if (!body) throw refusedWith(name, status);
      if (Number(headers['content-length'] ?? 0) > maxBytes) {
        body.on('error', () => {}).destroy();
        throw this.tooLarge(name);
      }
      return {
        file: await spool(body, { maxBytes, inMemoryBytes: IN_MEMORY_BYTES, spoolDirectory: directory }),
        told: headers['content-type'],
      };
    } catch (error) {
      if (error instanceof VendorError) throw error;
      throw this.failure(name, late.aborted ? late.reason : error);
    }
  }

  /** What the guard says is written for customers; what the network says is not. */
  private failure(name: FileInput, error: Error & { code?: string }): VendorError {
    const { timeoutMs } = this.limits;
    if (error instanceof EgressRefusedError) {
      if (error.reason !== 'look-up') return unfit(name, error.message, error);
      return unavailable(name, `${error.message} Try again.`, error);
    }
    if (error instanceof OutputError) return this.tooLarge(name, error);
    if (isLate(error)) {
      const why = `its host did not give the whole file within ${timeoutMs / 1_000} seconds. Try again, or give it a faster host.`;
      return unavailable(name, why, error);
    }
    if (/CERT|ERR_TLS|UNABLE_TO_VERIFY/.test(error.code ?? '')) {
      return unfit(name, 'the certificate of its host cannot be trusted.', error);
    }
    if (isDisks(error)) return keptNot(name, error);
    return unavailable(name, 'its host did not answer, or broke off. Try again.', error);
  }

  private tooLarge(name: FileInput, cause?: Error): VendorError {
    return unfit(name, `the file is larger than ${this.limits.maxBytes / MEGABYTE} MB. Give a smaller one.`, cause);
  }
}

/** No fault of the customer's, nor of the host. */
const keptNot = (name: FileInput, cause: Error) =>
  unavailable(name, 'it could not be kept on our side just now. Try again.', cause);
const isDisks = (error: unknown) => DISK_ERRORS.has((error as NodeJS.ErrnoException).code ?? '');

function refusedWith(name: FileInput, status: number): VendorError {
  if (status >= 500 || status === 429 || status === 408) {
    return unavailable(name, `its host answered with status ${status}. Try again.`);
  }
  const how = status === 401 || status === 403 ? ' Give a URL that anybody can read.' : '';
  return unfit(name, `its host answered with status ${status}, not with the file.${how}`);
}

const isLate = (error: unknown) => (error as Error | undefined)?.name === 'TimeoutError';
