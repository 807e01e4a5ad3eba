import {
  billing,
  type Generation,
  type GenerationStatus,
  rateLimit,
  type Settlement,
  type WebhookEvent,
  webhooks,
} from '@doitong/contracts';
import type { OutboxItem } from '@doitong/service-kit';

type Terminal = Exclude<GenerationStatus, 'QUEUED' | 'PROCESSING'>;

const told: Record<Terminal, { outcome: Settlement['outcome']; type: WebhookEvent['type'] }> = {
  COMPLETED: { outcome: 'CAPTURE', type: 'generation.completed' },
  FAILED: { outcome: 'RELEASE', type: 'generation.failed' },
  CANCELLED: { outcome: 'RELEASE', type: 'generation.cancelled' },
};

/** What the other services must hear of a generation that has ended: its hold is resolved, its slot freed, its webhook sent. */
export function outboxItemsOf(generation: Generation, webhookUrl: string | null): OutboxItem[] {
  const { outcome, type } = told[generation.status as Terminal];
  const settlement: Settlement = { generationId: generation.id, outcome, credits: generation.creditCost };
  return [
    { subject: billing.settle.subject, item: settlement },
    { subject: rateLimit.free.subject, item: { generationId: generation.id, refundQuota: false } },
    { subject: webhooks.enqueue.subject, item: eventOf(generation, type, webhookUrl) },
  ];
}

/** It has begun: told to those endpoints that ask for it. */
export function startedItemOf(generation: Generation): OutboxItem {
  return { subject: webhooks.enqueue.subject, item: eventOf(generation, 'generation.processing', null) };
}

function eventOf(data: Generation, type: WebhookEvent['type'], url: string | null): WebhookEvent {
  return { id: `evt_${data.id.slice(4)}_${data.version}`, accountId: data.accountId, url, type, data };
}
