import type { EgressOptions } from './check-url.js';
import type { Address } from './connections.js';
import { Ending } from './ending.js';
import type { AnswerHead } from './exchange.js';
import { checkedAddresses, type Resolve } from './look-up.js';
import { redirectOf } from './redirects.js';
import { EgressRefusedError } from './refused.js';

/** How far a request goes, and how long. */
export interface Travel {
  timeoutMs: number;
  /** How many redirects of a GET are followed, each of them checked like the URL itself. Default: none. */
  redirects?: number;
  /** None of them leads from https to http, where anybody on the way could put in another file. */
  keepsHttps?: boolean;
  /** Ends it early, with its reason. */
  signal?: AbortSignal;
  /** All addresses of a name; for tests. */
  resolve?: Resolve;
}

/** What comes of this work, unless its time is up or its signal aborts before. */
export async function inTime<T>({ timeoutMs, signal }: Travel, work: (ending: Ending) => Promise<T>): Promise<T> {
  const ending = new Ending();
  const late = () => ending.end(new DOMException('no answer in time', 'TimeoutError'));
  const timer = setTimeout(late, timeoutMs);
  const stop = () => ending.end(signal?.reason);
  signal?.addEventListener('abort', stop);
  try {
    if (signal?.aborted) stop();
    return await work(ending);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** Asks the URL, and each to which an answer leads on, at addresses that were looked up and checked for that. */
export async function follow<Answer extends AnswerHead>(
  target: URL,
  options: EgressOptions & Travel,
  ending: Ending,
  ask: (hop: URL, addresses: Address[]) => Promise<Answer>,
): Promise<Answer> {
  const { redirects = 0, keepsHttps, resolve } = options;
  let hop = target;
  for (let followed = 0; ; followed++) {
    const addresses = await ending.unless(checkedAddresses(hop, options, resolve));
    const answer = await ask(hop, addresses);
    const allowed = keepsHttps && hop.protocol === 'https:' ? { ...options, allowHttp: false } : options;
    const next = redirects > 0 ? redirectOf(answer, hop, allowed) : undefined;
    if (!next) return answer;
    if (followed === redirects) {
      throw new EgressRefusedError('redirects', `The URL redirects more than ${redirects} times.`);
    }
    hop = next;
  }
}
