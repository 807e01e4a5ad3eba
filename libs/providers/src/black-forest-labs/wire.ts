import Type, { type Static } from 'typebox';
import { Id, maybe, microUsd, type Refusal, shaped, VendorError } from '../kit/index.js';

/** Without `webhook_url` in the request. `cost` is in the vendor's credits of 0.01 USD. */
export const SubmitAnswer = Type.Object({
  id: Id,
  polling_url: maybe(Type.String()),
  cost: maybe(Type.Number()),
});

export const ResultAnswer = Type.Object({
  status: maybe(Type.String()),
  result: maybe(Type.Object({ sample: maybe(Type.String()) })),
  details: Type.Optional(Type.Unknown()),
});

const microUsdPerCredit = 10_000;
export function costMicroUsd({ cost }: Static<typeof SubmitAnswer>): number | undefined {
  return microUsd(cost, microUsdPerCredit);
}

/** How a key is told to be invalid, under HTTP 403 (unverified). Any other 403 may be about what was asked for. */
const notAuthenticated = Type.Object({ detail: Type.String({ pattern: '^Not authenticated' }) });

/**
 * The vendor's error forms: a text or a list in `detail`, or a text in `message` (source: its OpenAPI document and its SDK). None has
 * a code, so the HTTP status decides, but for an invalid key. A poll of a task that is not known may have a status of its own instead (unverified).
 */
const VendorRefusal = Type.Union([
  Type.Object({ detail: Type.Union([Type.String(), Type.Array(Type.Unknown())]) }),
  Type.Object({ message: Type.String() }),
  Type.Object({ status: Type.Literal('Task not found') }),
]);

export function refusalOf(body: unknown): Refusal {
  if (shaped(notAuthenticated, body)) return 'credential';
  return shaped(VendorRefusal, body) ? 'by-status' : undefined;
}

/** Where the finished image is, undefined while it is made. Words that we do not know mean running. */
export function sampleOf(answer: Static<typeof ResultAnswer>): string | undefined {
  switch (answer.status) {
    case 'Ready':
      if (!answer.result?.sample) throw new VendorError('failed', 'ready without a sample', { doubtful: true });
      return answer.result.sample;
    case 'Request Moderated':
    case 'Content Moderated': {
      const reason = `${answer.status}: ${JSON.stringify(answer.details ?? null)}`;
      // By the vendor's documents, what is moderated is not billed.
      throw new VendorError('content-rejected', reason, { costMicroUsd: 0 });
    }
    case 'Error':
    case 'Failed':
      throw new VendorError('failed', `${answer.status}: ${JSON.stringify(answer.details ?? null)}`);
    case 'Task not found':
      // Of a task just submitted, one replica may not have heard yet.
      throw new VendorError('failed', answer.status, { doubtful: true });
    default:
      return undefined;
  }
}

/**
 * Where to poll. The URL that the vendor gave when the credential may go there: our base URL's origin, or a host of the
 * vendor. Otherwise the base URL itself.
 */
export function pollingUrl(given: string | undefined, id: string, baseUrl: string): string {
  const url = given && URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !isTrusted(url, baseUrl)) return `${baseUrl}/v1/get_result?id=${encodeURIComponent(id)}`;
  if (!url.searchParams.has('id')) url.searchParams.set('id', id);
  return url.href;
}

function isTrusted(url: URL, baseUrl: string): boolean {
  if (url.origin === new URL(baseUrl).origin) return true;
  return url.protocol === 'https:' && (url.hostname === 'bfl.ai' || url.hostname.endsWith('.bfl.ai'));
}
