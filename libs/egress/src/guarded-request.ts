import type { Dispatcher } from 'undici';
import { Answering, type GuardedAnswer } from './answering.js';
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

/**
 * Requests a URL that a customer gave. Its addresses are looked up and all of them checked for this very request, and it is sent
 * over a connection to one of them; one that is open already from an earlier request may serve. Redirects are not followed, and no
 * proxy is used. Throws EgressRefusedError for what must not be requested, and other errors for what did not answer.
 */
export async function guardedRequest(url: string, options: GuardedRequest): Promise<GuardedAnswer> {
  const target = checkCustomerUrl(url, options);
  const answering = new Answering(options.maxResponseBytes, options.truncate === true);
  const late = () => answering.stop(new DOMException('no answer in time', 'TimeoutError'));
  const timer = setTimeout(late, options.timeoutMs);
  try {
    send(target, options, answering).catch((error) => answering.stop(error));
    return await answering.answer;
  } finally {
    clearTimeout(timer);
  }
}

async function send(target: URL, options: GuardedRequest, answering: Answering): Promise<void> {
  const { method, headers, body } = options;
  const addresses = await checkedAddresses(target.hostname, options, options.resolve);
  if (answering.stopped) return;
  const { origin, pathname, search } = target;
  // The timer of the whole request alone keeps time.
  const request = { origin, path: pathname + search, method, headers, body, headersTimeout: 0, bodyTimeout: 0 };
  agentFor(origin, addresses).dispatch(request, answering);
}
