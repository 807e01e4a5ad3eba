import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, type Dispatcher, request as send } from 'undici';
import { kindOfAddress } from './addresses.js';
import { checkCustomerUrl, type EgressOptions, refusedAddress } from './check-url.js';
import { EgressRefusedError } from './refused.js';

export interface GuardedRequest extends EgressOptions {
  method: Dispatcher.HttpMethod;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** From look-up to the end of the answer. */
  timeoutMs: number;
  /** Longer answers are an error, unless `truncate`, which keeps their beginning. */
  maxResponseBytes: number;
  truncate?: boolean;
  /** All addresses of a name; for tests. */
  resolve?: (host: string) => Promise<{ address: string; family: number }[]>;
}

export interface GuardedAnswer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/**
 * Requests a URL that a customer gave. Its addresses are looked up once, all of them are checked, and one of those very
 * addresses is connected to. Redirects are not followed, and no proxy is used. Throws EgressRefusedError for what must not be
 * requested, and other errors for what did not answer.
 */
export async function guardedRequest(url: string, options: GuardedRequest): Promise<GuardedAnswer> {
  const target = checkCustomerUrl(url, options);
  const agent = new Agent({ connect: { lookup: checkedLookup(options) }, pipelining: 0 });
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    return await Promise.race([exchange(target, agent, signal, options), rejectedBy(signal)]);
  } catch (error) {
    throw refusalWithin(error) ?? error;
  } finally {
    agent.destroy().catch(() => undefined);
  }
}

async function exchange(
  target: URL,
  dispatcher: Agent,
  signal: AbortSignal,
  options: GuardedRequest,
): Promise<GuardedAnswer> {
  const { method, headers, body } = options;
  // The signal alone keeps time.
  const request = { method, headers, body, dispatcher, signal, headersTimeout: 0, bodyTimeout: 0 };
  const answer = await send(target, request);
  const received = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
  return {
    status: answer.statusCode,
    headers: Object.fromEntries(received),
    body: await readBody(answer.body, options),
  };
}

/** The client notices the signal only once it is connected. */
function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

/** A look-up that fails unless every address of the name may be connected to. */
function checkedLookup(options: GuardedRequest): LookupFunction {
  const resolve = options.resolve ?? ((host) => systemLookup(host, { all: true, verbatim: true }));
  return (host, { all }, done) => {
    checkedAddresses(host, resolve, options).then(
      (addresses) => (all ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family)),
      (error: Error) => done(error, '', 0),
    );
  };
}

async function checkedAddresses(
  host: string,
  resolve: NonNullable<GuardedRequest['resolve']>,
  { allowLoopback }: EgressOptions,
) {
  const addresses = await resolve(host).catch(() => []);
  if (addresses.length === 0) throw new EgressRefusedError('unresolved', 'The host of the URL has no address.');
  const allowed = addresses.every(({ address }) => {
    const kind = isIP(address) ? kindOfAddress(address) : 'refused';
    return kind === 'public' || (kind === 'loopback' && allowLoopback);
  });
  if (!allowed) throw refusedAddress();
  return addresses;
}

async function readBody(body: AsyncIterable<Buffer>, { maxResponseBytes, truncate }: GuardedRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (truncate && size >= maxResponseBytes) break;
    if (size > maxResponseBytes) throw new Error(`the answer is longer than ${maxResponseBytes} bytes`);
  }
  return Buffer.concat(chunks).subarray(0, maxResponseBytes);
}

function refusalWithin(error: unknown): EgressRefusedError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof EgressRefusedError) return cause;
  }
  return undefined;
}
