import { LRUCache } from 'lru-cache';
import { Agent } from 'undici';

/** Idle connections are closed before the usual server closes them (Node: 5 s), so that no request is sent into a closing one. */
const IDLE_MS = 2_000;
const MOST_AGENTS = 5_000;

export interface Address {
  address: string;
  family: number;
}

/**
 * Connections that stay open for the next request to the same origin, if that leads to the same addresses. An agent connects to
 * the addresses that it was made with, and looks up nothing.
 */
const agents = new LRUCache<string, Agent>({
  max: MOST_AGENTS,
  dispose: (agent) => void agent.close().catch(() => undefined),
});

/** For requests to an origin whose addresses have just been looked up and checked. */
export function agentFor(origin: string, addresses: Address[]): Agent {
  const key = [origin, ...addresses.map(({ address }) => address).sort()].join(' ');
  const known = agents.get(key);
  if (known) return known;
  const agent = new Agent({
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    connect: {
      lookup: (_host, { all }, done) =>
        all ? done(null, addresses) : done(null, addresses[0]!.address, addresses[0]!.family),
    },
  });
  agents.set(key, agent);
  return agent;
}
