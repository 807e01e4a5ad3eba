import { fastify } from 'fastify';
import type { HealthChecks } from './health-checks.js';
import type { Metrics } from './metrics.js';

export interface ManagementOptions {
  host: string;
  port: number;
}

export interface Management {
  /** `http://host:port` as it listens. */
  url: string;
  close(): Promise<void>;
}

/**
 * What operators and their tools ask of a process, on a port of its own that customers cannot reach: `/healthz` says that it lives, `/readyz`
 * whether it may be sent work (503 with what is missing otherwise), `/metrics` is for Prometheus. It answers from the first moment of the process
 * to the last, also while the process waits for what it depends on.
 */
export async function startManagement(
  { host, port }: ManagementOptions,
  health: HealthChecks,
  metrics: Metrics,
): Promise<Management> {
  const server = fastify({ forceCloseConnections: true });
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const { ready, checks } = await health.run();
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable', checks });
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics.registry.metrics()),
  );
  const url = await server.listen({ host, port });
  return { url, close: () => server.close() };
}
