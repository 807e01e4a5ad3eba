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

const types: Record<Terminal, WebhookEvent['type']> = {
  COMPLETED: 'generation.completed',
  FAILED: 'generation.failed',
  CANCELLED: 'generation.cancelled',
};

/** What the other services must hear of a generation that has ended: its hold is resolved, its slot freed, its webhook sent. */
export function outboxItemsOf(generation: Generation, webhookUrl: string | null): OutboxItem[] {
  const { id: generationId, status, creditCost: credits } = generation;
  const type = types[status as Terminal];
  const outcome = status === 'COMPLETED' || credits > 0 ? 'CAPTURE' : 'RELEASE';
  const settlement: Settlement = { generationId, outcome, credits };
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
