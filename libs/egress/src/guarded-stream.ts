import { addAbortSignal } from 'node:stream';
import { checkCustomerUrl, type EgressOptions } from './check-url.js';
import { beginExchange, type StreamedAnswer } from './exchange.js';
import { follow, inTime, type Travel } from './travel.js';

export interface GuardedStream extends EgressOptions, Travel {
  headers?: Record<string, string>;
  /** Sent to the URL's own origin only: what redirects lead to elsewhere gets no credential. */
  ownHeaders?: Record<string, string>;
  /** From look-up to the head of the answer, with all that redirects add. The body has no limit of its own: `signal` ends it too. */
  timeoutMs: number;
}

/** A GET under the same guard as `guardedRequest`, whose body comes as a stream. */
export async function guardedStream(url: string, options: GuardedStream): Promise<StreamedAnswer> {
  const target = checkCustomerUrl(url, options);
  const { headers, ownHeaders, signal } = options;
  const answer = await inTime(options, (ending) =>
    follow(target, options, ending, (hop, addresses) => {
      const own = hop.origin === target.origin ? ownHeaders : undefined;
      return beginExchange(hop, addresses, { ...headers, ...own }, ending);
    }),
  );
  if (answer.body && signal) addAbortSignal(signal, answer.body);
  return answer;
}
