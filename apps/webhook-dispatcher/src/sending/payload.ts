import type { Generation } from '@doitong/contracts';
import type { ClaimedDelivery } from './queue.repository.js';

/**
 * The body of a webhook: `{ type, timestamp, data }` of Standard Webhooks 1.0.0. `timestamp` is when it happened. `data` is
 * the generation as it was then, in the public form; what has no value is left out. It is made anew for each attempt, so
 * that `data.url` is always a fresh one; all else, `data.version` foremost, is the same in every attempt.
 */
export function payloadOf(
  { type, occurredAt, data }: ClaimedDelivery['event'],
  signUrl: (key: string) => string,
): string {
  return JSON.stringify({ type, timestamp: occurredAt.toISOString(), data: publicForm(data, signUrl) });
}

/** What a customer sees of a generation. */
function publicForm(generation: Generation, signUrl: (key: string) => string) {
  return {
    id: generation.id,
    status: generation.status,
    type: generation.type,
    provider: generation.provider,
    model: generation.model,
    url: generation.assetKey === null ? undefined : signUrl(generation.assetKey),
    creditCost: generation.creditCost,
    metadata: generation.metadata,
    error: generation.error ?? undefined,
    createdAt: generation.createdAt,
    startedAt: generation.startedAt ?? undefined,
    completedAt: generation.completedAt ?? undefined,
    version: generation.version,
  };
}
