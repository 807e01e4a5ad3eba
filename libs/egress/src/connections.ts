import { type ClientRequest, type ClientRequestArgs, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';

/** Idle connections are closed before the usual server closes them (Node: 5 s), so that no request is sent into a closing one. */
export const IDLE_MS = 2_000;

export interface Address {
  address: string;
  family: number;
}

/** What makes a connection fit for a request: it leads to one of these addresses. */
interface Pinned {
  addresses: Address[];
}

/** Connections that stay open for the next request to the same origin, if that leads to the same addresses. */
class PinnedHttpAgent extends HttpAgent {
  override getName(options?: ClientRequestArgs & Partial<Pinned>): string {
    return `${super.getName(options)} ${nameOf(options)}`;
  }
}

class PinnedHttpsAgent extends HttpsAgent {
  override getName(options?: RequestOptions & Partial<Pinned>): string {
    return `${super.getName(options)} ${nameOf(options)}`;
  }
}

const nameOf = ({ addresses = [] }: Partial<Pinned> = {}) =>
  addresses
    .map(({ address }) => address)
    .sort()
    .join(' ');

const idle = { keepAlive: true, timeout: IDLE_MS };
const plain = new PinnedHttpAgent(idle);
const secure = new PinnedHttpsAgent(idle);

/** A request, not ended yet, over a connection to one of these addresses. Nothing is looked up. */
export function requestTo(
  target: URL,
  addresses: Address[],
  { method, headers }: { method: string; headers?: Record<string, string> },
): ClientRequest {
  const lookup: LookupFunction = (_host, { all }, done) =>
    all ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family);
  const isSecure = target.protocol === 'https:';
  const options: RequestOptions & Pinned = {
    agent: isSecure ? secure : plain,
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: target.port,
    path: target.pathname + target.search,
    method,
    headers,
    lookup,
    addresses,
  };
  return isSecure ? httpsRequest(options) : httpRequest(options);
}
