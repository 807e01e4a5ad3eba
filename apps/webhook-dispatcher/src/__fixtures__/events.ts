import { randomUUID } from 'node:crypto';
import type { Generation, WebhookEvent } from '@doitong/contracts';

const hex = () => randomUUID().replaceAll('-', '');
export const newAccountId = () => `acc_${hex()}`;

export function generation(accountId: string): Generation {
  return {
    id: `gen_${hex()}`,
    accountId,
    mode: 'test',
    type: 'IMAGE',
    status: 'COMPLETED',
    progress: 100,
    provider: 'flux-pro',
    model: 'flux-pro-1.1',
    creditCost: 40,
    estimatedTime: 8,
    metadata: { width: 1024, height: 768, format: 'png', size: 51_200, model: 'flux-pro-1.1', adjustments: [] },
    assetKey: 'gen_1/picture.png',
    error: null,
    routing: { reason: 'chosen by the caller', candidates: [] },
    createdAt: '2026-01-02T03:04:05.000Z',
    startedAt: '2026-01-02T03:04:06.000Z',
    completedAt: '2026-01-02T03:04:14.000Z',
    version: 4,
  };
}

export function event(url: string | null, accountId = newAccountId()): WebhookEvent {
  return { id: `evt_${hex()}`, accountId, url, type: 'generation.completed', data: generation(accountId) };
}
