import { setTimeout as sleep } from 'node:timers/promises';
import type { SingleBar } from 'cli-progress';
import type { Client, Seen } from './client.js';
import type { Done } from './table.js';

const POLL_MS = 200;
const PATIENCE_MS = 180_000;

/** Makes a generation and follows it on its bar until it is terminal. */
export async function watch(client: Client, input: { type: string }, bar: SingleBar): Promise<Done> {
  const startedAt = Date.now();
  let seen = await client.generate(input);
  while (isRunning(seen)) {
    if (Date.now() - startedAt > PATIENCE_MS) throw new Error(`${seen.id} is not over after ${PATIENCE_MS / 1_000} s`);
    bar.update(seen.progress, { status: `${seen.status} by ${seen.provider}` });
    await sleep(POLL_MS);
    seen = await client.generation(seen.id);
  }
  bar.update(seen.progress, { status: `${seen.status} by ${seen.provider}` });
  return { type: input.type, seen, seconds: (Date.now() - startedAt) / 1_000 };
}

const isRunning = ({ status }: Seen) => status === 'QUEUED' || status === 'PROCESSING';
