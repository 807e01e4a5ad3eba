import { checkCustomerUrl, type EgressOptions } from './check-url.js';
import { type Asked, exchange, type GuardedAnswer } from './exchange.js';
import { follow, inTime, type Travel } from './travel.js';

export interface GuardedRequest extends EgressOptions, Asked, Travel {
  /** From look-up to the end of the answer, with all that redirects add. */
  timeoutMs: number;
}

/**
 * Requests a URL that a customer gave. Its addresses are looked up and all of them checked for this very request, and it is sent
 * over a connection to one of them; one that is open already from an earlier request may serve. No proxy is used. Throws
 * EgressRefusedError for what must not be requested, AnswerTooLongError, a TimeoutError, the signal's reason, and other errors for
 * what did not answer.
 */
export async function guardedRequest(url: string, options: GuardedRequest): Promise<GuardedAnswer> {
  const target = checkCustomerUrl(url, options);
  let bytesBefore = 0;
  return inTime(options, (ending) =>
    follow(target, options, ending, async (hop, addresses) => {
      const answer = await exchange(hop, addresses, { ...options, bytesBefore }, ending);
      bytesBefore += answer.body.length;
      return answer;
    }),
  );
}
