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
  const event: WebhookEvent = {
    id: `evt_${generation.id.slice(4)}_${generation.version}`,
    accountId: generation.accountId,
    url: webhookUrl,
    type,
    data: generation,
  };
  return [
    { subject: billing.settle.subject, item: settlement },
    { subject: rateLimit.free.subject, item: { generationId: generation.id, refundQuota: false } },
    { subject: webhooks.enqueue.subject, item: event },
  ];
}
