import type { IncomingHttpHeaders } from 'node:http';
import { basename } from 'node:path/posix';
import type { Readable } from 'node:stream';
import type { AssetFacts, AssetStore, ByteRange } from '../store/asset-store.js';
import type { AssetUrlSigner } from './asset-url-signer.js';
import { isNotModified, rangeStillApplies } from './conditions.js';
import { parseRange } from './range.js';

/** The parts of `GET /assets/<key>?expires=…&signature=…`, as they came. A query parameter that is not one string is a wrong one. */
export interface AssetRequest {
  method: string;
  key: string;
  expires: unknown;
  signature: unknown;
  headers: IncomingHttpHeaders;
}

/** The server sends `body` and destroys the stream when the client goes away. */
export interface AssetResponse {
  status: 200 | 204 | 206 | 304 | 403 | 404 | 405 | 410 | 416;
  headers: Record<string, string>;
  body?: Readable | string;
}

/** For every answer: players on any page may load assets, and nothing that we serve may ever act as a page of our origin. */
const commonHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag',
  'Content-Security-Policy': "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'X-Content-Type-Options': 'nosniff',
};

const METHODS = 'GET, HEAD, OPTIONS';
const PREFLIGHT_SECONDS = '7200';

/** What a browser asks before a page of another origin may send headers of its own, such as `Range`; it sends no signature to check. */
const preflight = (headers: IncomingHttpHeaders): AssetResponse => ({
  status: 204,
  headers: {
    ...commonHeaders,
    Allow: METHODS,
    'Access-Control-Allow-Methods': METHODS,
    'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? 'range',
    'Access-Control-Max-Age': PREFLIGHT_SECONDS,
  },
});

/**
 * Serves one asset by its signed URL: 403 for a URL that we did not sign, 410 for one whose time is over, then HTTP caching and
 * single ranges. Throws only what the store throws when it is out of order.
 */
export async function serveAsset(
  store: AssetStore,
  signer: AssetUrlSigner,
  request: AssetRequest,
): Promise<AssetResponse> {
  const { key, expires, signature, method, headers } = request;
  if (method === 'OPTIONS') return preflight(headers);
  if (method !== 'GET' && method !== 'HEAD') {
    return refusal(request, 405, 'METHOD_NOT_ALLOWED', 'Assets are read with GET or HEAD.', { Allow: METHODS });
  }
  const signed = typeof expires === 'string' && typeof signature === 'string';
  const verdict = signed ? signer.verify(key, expires, signature) : 'invalid';
  if (!signed || verdict === 'invalid')
    return refusal(request, 403, 'FORBIDDEN', 'The signature of this URL is not valid.');
  if (verdict === 'expired')
    return refusal(request, 410, 'EXPIRED', 'This URL has expired. Ask for the generation again.');

  const asset = await store.head(key);
  if (!asset) return notFound(request);

  const validators = {
    ...commonHeaders,
    'Cache-Control': `private, max-age=${signer.secondsLeft(expires)}, immutable`,
    ETag: asset.etag,
    'Last-Modified': asset.lastModified.toUTCString(),
  };
  if (isNotModified({ etag: headers['if-none-match'], modifiedSince: headers['if-modified-since'] }, asset)) {
    return { status: 304, headers: validators };
  }

  // Range means nothing on HEAD (RFC 9110 §14.2).
  const asked = method === 'GET' && rangeStillApplies(headers['if-range'] as string | undefined, asset);
  const range = asked ? parseRange(headers.range, asset.bytes) : undefined;
  if (range === 'unsatisfiable') {
    const size = { 'Content-Range': `bytes */${asset.bytes}` };
    return refusal(request, 416, 'RANGE_NOT_SATISFIABLE', `This asset has ${asset.bytes} bytes.`, size);
  }
  const whole = { ...validators, ...contentHeaders(key, asset, range) };
  const status = range ? 206 : 200;
  if (method === 'HEAD') return { status, headers: whole };
  const body = await store.read(key, range);
  return body ? { status, headers: whole, body } : notFound(request);
}

function contentHeaders(key: string, asset: AssetFacts, range: ByteRange | undefined): Record<string, string> {
  return {
    'Accept-Ranges': 'bytes',
    'Content-Type': asset.contentType,
    'Content-Length': String(range ? range.end - range.start + 1 : asset.bytes),
    // A key's characters need no quoting.
    'Content-Disposition': `inline; filename="${basename(key)}"`,
    ...(range && { 'Content-Range': `bytes ${range.start}-${range.end}/${asset.bytes}` }),
  };
}

function notFound(request: AssetRequest): AssetResponse {
  return refusal(request, 404, 'NOT_FOUND', 'There is no such asset.');
}

function refusal(
  request: AssetRequest,
  status: AssetResponse['status'],
  code: string,
  message: string,
  headers: Record<string, string> = {},
): AssetResponse {
  const body = JSON.stringify({ error: { code, message } });
  return {
    status,
    headers: {
      ...commonHeaders,
      ...headers,
      'Cache-Control': 'no-store',
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
    },
    ...(request.method !== 'HEAD' && { body }),
  };
}
