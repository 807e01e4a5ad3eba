import { type Dispatcher, request as send } from 'undici';
import { checkCustomerUrl, type EgressOptions } from './check-url.js';
import { agentFor } from './connections.js';
import { checkedAddresses, type Resolve } from './look-up.js';

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
  resolve?: Resolve;
}

export interface GuardedAnswer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/**
 * Requests a URL that a customer gave. Its addresses are looked up and all of them checked for this very request, and it is sent
 * over a connection to one of them; one that is open already from an earlier request may serve. Redirects are not followed, and no
 * proxy is used. Throws EgressRefusedError for what must not be requested, and other errors for what did not answer.
 */
export async function guardedRequest(url: string, options: GuardedRequest): Promise<GuardedAnswer> {
  const target = checkCustomerUrl(url, options);
  const controller = new AbortController();
  // One that is not cleared, as AbortSignal.timeout's, keeps all of a request in memory until it ends.
  const timer = setTimeout(
    () => controller.abort(new DOMException('no answer in time', 'TimeoutError')),
    options.timeoutMs,
  );
  try {
    return await Promise.race([exchange(target, controller.signal, options), rejectedBy(controller.signal)]);
  } finally {
    clearTimeout(timer);
  }
}

async function exchange(target: URL, signal: AbortSignal, options: GuardedRequest): Promise<GuardedAnswer> {
  const { method, headers, body } = options;
  const dispatcher = agentFor(target.origin, await checkedAddresses(target.hostname, options, options.resolve));
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
