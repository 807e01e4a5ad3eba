import { decoded } from '@doitong/egress';
import { Agent, buildConnector, errors, type FormData, request } from 'undici';
import { VendorError } from './errors.js';

export interface Ask {
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: string | FormData;
  /** The vendor starts work on this, and would start it again on a repeat. */
  submits: boolean;
  signal: AbortSignal;
  timeoutMs: number;
  maxBytes: number;
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
}

class NotConnected extends Error {}

const connectTimeoutMs = 10_000;
const plainConnect = buildConnector({ timeout: connectTimeoutMs });
/** Tells a connection that never was from one that broke, for which error codes are no guide: both can be ECONNRESET. */
const connect: buildConnector.connector = (options, done) =>
  plainConnect(options, (...result) => {
    if (result[0]) done(new NotConnected(result[0].message || String(result[0]), { cause: result[0] }), null);
    else done(...result);
  });

/** Time limits are each request's own. */
const noLimits = { headersTimeout: 0, bodyTimeout: 0 };
/** Each submit has a connection of its own: a kept-alive one may break under it, and nobody knows then whether it took. */
const submitting = new Agent({ connect, ...noLimits, pipelining: 0 });
const reading = new Agent({ connect, ...noLimits });

/**
 * The whole answer, whatever its status; redirects are not followed. Without one, VendorError: `unavailable` when nothing
 * can have been done, `submission-unknown` when a submit may have arrived.
 */
export async function send(ask: Ask): Promise<RawAnswer> {
  const what = `${ask.method} ${ask.url}`;
  if (ask.signal.aborted) {
    throw new VendorError('unavailable', `${what}: not sent, the attempt is over`, { repeatable: true });
  }
  try {
    const answer = await request(ask.url, {
      method: ask.method,
      headers: { 'accept-encoding': 'identity', ...ask.headers },
      body: ask.body,
      dispatcher: ask.submits ? submitting : reading,
      signal: AbortSignal.any([ask.signal, AbortSignal.timeout(ask.timeoutMs)]),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      bytes: await wholeBody(decoded(answer.body, answer.headers['content-encoding']), ask.maxBytes),
    };
  } catch (error) {
    const neverSent = error instanceof NotConnected || error instanceof errors.InvalidArgumentError;
    const kind = ask.submits && !neverSent ? 'submission-unknown' : 'unavailable';
    throw new VendorError(kind, `${what}: ${error instanceof Error ? error.message : error}`, {
      repeatable: neverSent || !ask.submits,
      cause: error,
    });
  }
}

async function wholeBody(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
