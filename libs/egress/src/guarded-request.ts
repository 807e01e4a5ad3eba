import { checkCustomerUrl, type EgressOptions } from './check-url.js';
import { Ending } from './ending.js';
import { type Asked, exchange, type GuardedAnswer } from './exchange.js';
import { checkedAddresses, type Resolve } from './look-up.js';
import { redirectOf } from './redirects.js';
import { EgressRefusedError } from './refused.js';

export interface GuardedRequest extends EgressOptions, Asked {
  /** From look-up to the end of the answer, with all that redirects add. */
  timeoutMs: number;
  /** How many redirects of a GET are followed, each of them checked like the URL itself. Default: none. */
  redirects?: number;
  /** Ends it early, with its reason. */
  signal?: AbortSignal;
  /** All addresses of a name; for tests. */
  resolve?: Resolve;
}

/**
 * Requests a URL that a customer gave. Its addresses are looked up and all of them checked for this very request, and it is sent
 * over a connection to one of them; one that is open already from an earlier request may serve. No proxy is used. Throws
 * EgressRefusedError for what must not be requested, AnswerTooLongError, a TimeoutError, the signal's reason, and other errors for
 * what did not answer.
 */
export async function guardedRequest(url: string, options: GuardedRequest): Promise<GuardedAnswer> {
  const target = checkCustomerUrl(url, options);
  const ending = new Ending();
  const late = () => ending.end(new DOMException('no answer in time', 'TimeoutError'));
  const timer = setTimeout(late, options.timeoutMs);
  const stop = () => ending.end(options.signal?.reason);
  options.signal?.addEventListener('abort', stop);
  try {
    if (options.signal?.aborted) stop();
    return await follow(target, options, ending);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

async function follow(target: URL, options: GuardedRequest, ending: Ending): Promise<GuardedAnswer> {
  const { redirects = 0, resolve } = options;
  let hop = target;
  let bytesBefore = 0;
  for (let followed = 0; ; followed++) {
    const addresses = await ending.unless(checkedAddresses(hop.hostname, options, resolve));
    const answer = await exchange(hop, addresses, { ...options, bytesBefore }, ending);
    const next = redirects > 0 ? redirectOf(answer, hop, options) : undefined;
    if (!next) return answer;
    if (followed === redirects) {
      throw new EgressRefusedError('redirects', `The URL redirects more than ${redirects} times.`);
    }
    bytesBefore += answer.body.length;
    hop = next;
  }
}
