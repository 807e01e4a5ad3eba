import { setTimeout as sleep } from 'node:timers/promises';
import { decoded } from '@doitong/egress';
import { Agent, type Dispatcher, request } from 'undici';
import { OutputError } from './output-error.js';
import { type SpooledFile, type SpoolLimits, spool, tooLarge } from './spool.js';

export interface Download {
  url: string;
  /** Sent to the URL's own origin only: what redirects lead to elsewhere does not get the vendor's key. */
  headers?: Record<string, string>;
  /** Which redirects are followed; never one from https to http. Default: any. */
  redirects?: 'none' | 'same-origin' | 'any';
}

export interface DownloadLimits extends SpoolLimits {
  signal?: AbortSignal;
  /** Before the second try; each further pause is twice as long. Default: 250. */
  firstPauseMs?: number;
}

const maxTries = 4;
const maxRedirects = 5;
/** No byte for this long, and the connection counts as lost. */
const stallMs = 30_000;
const agent = new Agent({ headersTimeout: stallMs, bodyTimeout: stallMs, connect: { timeout: 10_000 } });

/**
 * Downloads a file. After a lost connection, 408, 429 or 5xx it asks again, four times in all; any other answer than a 200 is
 * final. Throws OutputError, unavailable or too large, or the signal's reason.
 */
export async function download(from: Download, limits: DownloadLimits): Promise<SpooledFile> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(from, limits);
    } catch (error) {
      limits.signal?.throwIfAborted();
      if (error instanceof OutputError) throw error;
      if (tries === maxTries) throw unavailable(error instanceof Error ? error.message : String(error), error);
      await sleep((limits.firstPauseMs ?? 250) * 2 ** (tries - 1), undefined, { signal: limits.signal });
    }
  }
}

async function attempt(from: Download, limits: DownloadLimits): Promise<SpooledFile> {
  const { maxBytes, signal } = limits;
  const { statusCode, headers, body } = await follow(from, signal);
  if (statusCode === 200 && Number(headers['content-length'] ?? 0) <= maxBytes) {
    return spool(decoded(body, headers['content-encoding']), limits);
  }
  // The rest of the answer is of no interest, and an error on the way to it neither.
  body.on('error', () => {}).destroy();
  if (statusCode === 200) throw tooLarge(maxBytes);
  const why = `it answered with status ${statusCode}`;
  if (statusCode >= 500 || statusCode === 429 || statusCode === 408) throw new Error(why);
  throw unavailable(why);
}

async function follow(
  { url, headers, redirects = 'any' }: Download,
  signal?: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const start = parsed(url);
  let target = start;
  for (let hops = 0; ; hops++) {
    const own = target.origin === start.origin;
    const sent = { 'accept-encoding': 'identity', ...(own ? headers : {}) };
    const answer = await request(target, { headers: sent, dispatcher: agent, signal });
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.statusCode) || typeof location !== 'string') return answer;
    await answer.body.dump();
    const next = parsed(location, target.href);
    const allowed = redirects === 'any' || (redirects === 'same-origin' && next.origin === start.origin);
    if (!allowed || (target.protocol === 'https:' && next.protocol !== 'https:')) {
      throw unavailable(`it redirects to ${next.origin}, which is not allowed`);
    }
    if (hops === maxRedirects) throw unavailable(`it redirects more than ${maxRedirects} times`);
    target = next;
  }
}

function parsed(url: string, base?: string): URL {
  if (!URL.canParse(url, base)) throw unavailable('its URL cannot be parsed');
  const target = new URL(url, base);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw unavailable('its URL is not of http');
  return target;
}

function unavailable(why: string, cause?: unknown): OutputError {
  return new OutputError('OUTPUT_UNAVAILABLE', `The output is not served: ${why}`, { cause });
}
