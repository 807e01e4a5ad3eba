import { pipeline, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EgressRefusedError, guardedStream } from '@doitong/egress';
import { LEAST_RATE, LeastRate, type Rate } from './least-rate.js';
import { OutputError } from './output-error.js';
import { type SpooledFile, type SpoolLimits, spool, tooLarge } from './spool.js';

export interface Download {
  url: string;
  /** Sent to the URL's own origin only: what redirects lead to elsewhere does not get the vendor's key. */
  headers?: Record<string, string>;
}

export interface DownloadLimits extends SpoolLimits {
  /** Ends it, with its reason. */
  signal?: AbortSignal;
  /** The operator's own places, which need not be at a public address. */
  trusts?: (url: URL) => boolean;
  /** Default: `LEAST_RATE`. */
  leastRate?: Rate;
  /** Before the second try; each further pause is twice as long. Default: 250. */
  firstPauseMs?: number;
}

const maxTries = 4;
const maxRedirects = 5;
/** From look-up to the head of the answer. */
const headMs = 30_000;

/**
 * Downloads a file, through the egress guard: a vendor's answer may name any URL. After a lost connection, too slow a one, 408, 429 or
 * 5xx it asks again, four times in all; any other answer than a 200 is final. Throws OutputError, or the signal's reason.
 */
export async function download(from: Download, limits: DownloadLimits): Promise<SpooledFile> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(from, limits);
    } catch (error) {
      limits.signal?.throwIfAborted();
      if (error instanceof OutputError) throw error;
      if (tries === maxTries) throw notServed('OUTPUT_UNAVAILABLE', messageOf(error), error);
      const pauseMs = (limits.firstPauseMs ?? 250) * 2 ** (tries - 1);
      await sleep(pauseMs, undefined, { signal: limits.signal }).catch(() => limits.signal?.throwIfAborted());
    }
  }
}

async function attempt({ url, headers }: Download, limits: DownloadLimits): Promise<SpooledFile> {
  const { maxBytes, signal, trusts, leastRate = LEAST_RATE } = limits;
  const answer = await guardedStream(url, {
    headers: { 'accept-encoding': 'identity' },
    ownHeaders: headers,
    redirects: maxRedirects,
    keepsHttps: true,
    timeoutMs: headMs,
    allowHttp: true,
    // Some vendors' files are on ports of their own. On the public net, that is no way into our network.
    ports: 'any',
    trusts,
    signal,
  }).catch((error) => {
    throw refused(error);
  });
  const { status, body } = answer;
  if (body && Number(answer.headers['content-length'] ?? 0) <= maxBytes) {
    return spool(watched(body, leastRate), limits);
  }
  // The rest of the answer is of no interest, and an error on the way to it neither.
  body?.on('error', () => {}).destroy();
  if (body) throw tooLarge(maxBytes);
  const why = `it answered with status ${status}`;
  if (status >= 500 || status === 429 || status === 408) throw new Error(why);
  throw notServed('OUTPUT_DENIED', why);
}

/** Who reads it to its end hears of what broke on the way, and who leaves it has the connection closed. */
const watched = (body: Readable, rate: Rate) => pipeline(body, new LeastRate(rate), () => undefined);

/** That a name is not found may pass. All else that the guard refuses is refused again. */
function refused(error: unknown): unknown {
  if (!(error instanceof EgressRefusedError)) return error;
  const mayPass = error.reason === 'unresolved' || error.reason === 'look-up';
  return mayPass ? error : notServed('OUTPUT_UNSAFE', error.message, error);
}

function notServed(code: 'OUTPUT_UNAVAILABLE' | 'OUTPUT_DENIED' | 'OUTPUT_UNSAFE', why: string, cause?: unknown) {
  return new OutputError(code, `The output is not served: ${why}`, { cause });
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
