import { setTimeout as sleep } from 'node:timers/promises';
import { AnswerTooLongError, EgressRefusedError, type GuardedAnswer, guardedRequest } from '@doitong/egress';
import { VendorError } from '@doitong/providers/kit';
import { checkFile } from './check-file.js';
import { type FileInput, type InputFile, unavailable, unfit } from './input-file.js';

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
}

const LIMITS: InputLimits = { timeoutMs: 30_000, maxBytes: 25 * MEGABYTE, firstPauseMs: 1_000 };

/** Reads what customers' URLs point at, through the egress guard. */
export class InputReader {
  constructor(
    private readonly allowLoopback: boolean,
    private readonly limits = LIMITS,
  ) {}

  /**
   * Asks four times in all a host that fails, is busy, or breaks the connection. Throws VendorError, `input-unfit` or `input-unavailable`,
   * which names the input, what was found and what is taken, or the signal's reason.
   */
  async read(name: FileInput, url: string, signal: AbortSignal): Promise<InputFile> {
    const answer = await this.insist(name, url, signal);
    return { bytes: answer.body, contentType: await checkFile(name, answer.body, answer.headers['content-type']) };
  }

  private async insist(name: FileInput, url: string, signal: AbortSignal): Promise<GuardedAnswer> {
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

  private async fetch(name: FileInput, url: string, signal: AbortSignal): Promise<GuardedAnswer> {
    const { timeoutMs, maxBytes } = this.limits;
    const answer = await guardedRequest(url, {
      method: 'GET',
      headers: { 'user-agent': USER_AGENT, accept: accept[name], 'accept-encoding': 'identity' },
      redirects: MOST_REDIRECTS,
      timeoutMs,
      maxResponseBytes: maxBytes,
      // Some hosts encode it all the same.
      decode: true,
      allowHttp: true,
      allowLoopback: this.allowLoopback,
      signal,
    }).catch((error) => {
      throw this.failure(name, error);
    });
    if (answer.status === 200) return answer;
    throw refusedWith(name, answer.status);
  }

  /** What the guard says is written for customers; what the network says is not. */
  private failure(name: FileInput, error: Error & { code?: string }): VendorError {
    const { timeoutMs, maxBytes } = this.limits;
    if (error instanceof EgressRefusedError) {
      if (error.reason !== 'look-up') return unfit(name, error.message, error);
      return unavailable(name, `${error.message} Try again.`, error);
    }
    if (error instanceof AnswerTooLongError) {
      return unfit(name, `the file is larger than ${maxBytes / MEGABYTE} MB. Give a smaller one.`, error);
    }
    if (isLate(error)) {
      const why = `its host did not give the whole file within ${timeoutMs / 1_000} seconds. Try again, or give it a faster host.`;
      return unavailable(name, why, error);
    }
    if (/CERT|ERR_TLS|UNABLE_TO_VERIFY/.test(error.code ?? '')) {
      return unfit(name, 'the certificate of its host cannot be trusted.', error);
    }
    return unavailable(name, 'its host did not answer, or broke off. Try again.', error);
  }
}

function refusedWith(name: FileInput, status: number): VendorError {
  if (status >= 500 || status === 429 || status === 408) {
    return unavailable(name, `its host answered with status ${status}. Try again.`);
  }
  const how = status === 401 || status === 403 ? ' Give a URL that anybody can read.' : '';
  return unfit(name, `its host answered with status ${status}, not with the file.${how}`);
}

const isLate = (error: unknown) => (error as Error | undefined)?.name === 'TimeoutError';
