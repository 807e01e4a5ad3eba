import { Pool } from 'undici';

/** How many requests succeeded in how long, and how long each took. */
export interface Measured {
  count: number;
  seconds: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/**
 * Repeats `work` from `concurrency` loops for `seconds`, after `warmUpSeconds` that do not count. A failure ends the measurement:
 * a benchmark of refusals says nothing.
 */
export async function measure(
  work: (n: number) => Promise<void>,
  { concurrency, seconds, warmUpSeconds }: { concurrency: number; seconds: number; warmUpSeconds: number },
): Promise<Measured> {
  const latencies: number[] = [];
  const countFrom = performance.now() + warmUpSeconds * 1_000;
  const until = countFrom + seconds * 1_000;
  let next = 0;
  const loop = async () => {
    for (let now = performance.now(); now < until; ) {
      await work(next++);
      const done = performance.now();
      if (now >= countFrom) latencies.push(done - now);
      now = done;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return summary(latencies, seconds);
}

export function summary(latencies: number[], seconds: number): Measured {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, seconds, perSecond: sorted.length / seconds, p50: at(0.5), p99: at(0.99) };
}

/** Posts GraphQL as a customer does, over kept-alive connections. Throws on any answer that is not data. */
export class GraphqlClient {
  private readonly pool: Pool;

  constructor(
    url: string,
    private readonly keys: string[],
    connections: number,
  ) {
    this.pool = new Pool(url, { connections });
  }

  /** As one of the customers: the `n`th, round and round. */
  async post<T>(query: string, variables: object, n: number): Promise<T> {
    const key = this.keys[n % this.keys.length];
    const { body, statusCode } = await this.pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await body.json()) as { data?: T | null; errors?: unknown };
    if (!answer.data) throw new Error(`HTTP ${statusCode}: ${JSON.stringify(answer.errors)}`);
    return answer.data;
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
