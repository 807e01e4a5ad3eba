import { DoitongError, invalidInput } from '@doitong/contracts';
import type { FastifyRequest } from 'fastify';

/** A request in the form of GraphQL over HTTP. */
export interface GraphqlRequest {
  query: string;
  operationName: string | undefined;
  variables: Record<string, unknown>;
}

type Sent = Partial<Record<string, unknown>>;

/** Throws INVALID_INPUT when it is not in form. Of a GET or HEAD, variables and extensions are JSON in the URL. */
export function parseGraphqlRequest({ method, url, query: inUrl, body }: FastifyRequest): GraphqlRequest {
  const isInUrl = method !== 'POST';
  if (isInUrl && !isPercentEncodedUtf8(url)) {
    throw new DoitongError('INVALID_INPUT', 'The URL is not percent-encoded UTF-8.');
  }
  const sent = isInUrl ? inUrl : body;
  if (!isObject(sent)) {
    const expected = '`{ "query": "…", "variables": { … } }`';
    throw new DoitongError('INVALID_INPUT', `Send one JSON object: ${expected}. A list of them is not taken.`);
  }
  const { query, operationName } = sent;
  if (typeof query !== 'string' || query === '') throw invalidInput('query', '`query` must be a GraphQL document.');
  if (typeof (operationName ?? '') !== 'string')
    throw invalidInput('operationName', '`operationName` must be a string.');
  mapOf(sent, 'extensions', isInUrl);
  return {
    query,
    operationName: (operationName as string | null) || undefined,
    variables: mapOf(sent, 'variables', isInUrl),
  };
}

function mapOf(sent: Sent, name: string, isText: boolean): Record<string, unknown> {
  const value = isText ? parsedText(sent[name]) : sent[name];
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw invalidInput(name, `\`${name}\` must be a JSON object.`);
}

function parsedText(text: unknown): unknown {
  if (typeof text !== 'string' || text === '') return text || undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What cannot be decoded would be taken as it stands. */
function isPercentEncodedUtf8(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
