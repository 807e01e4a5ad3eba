import { invalidInput, type Principal, type RequestOf, webhookEventTypes, webhooks } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { withoutNulls } from '../generations/without-nulls.js';
import type {
  WebhookEndpoint,
  WebhookEndpointCreateInput,
  WebhookEndpointUpdateInput,
  WebhookEndpointWithSecret,
  WebhookSecret,
} from './endpoint.type.js';
import { knownId } from './known-id.js';

const LONGEST_URL = 2_048;
const LONGEST_OVERLAP_SECONDS = 7 * 86_400;

/** Checks what the contracts leave no room for; what is a URL that we request, the webhook-dispatcher decides. */
@Injectable()
export class EndpointsService {
  constructor(private readonly bus: MessageBus) {}

  async list({ accountId, mode }: Principal): Promise<WebhookEndpoint[]> {
    return (await this.bus.request(webhooks.endpoints, { accountId, mode })).endpoints;
  }

  create(
    { accountId, mode }: Principal,
    { url, events }: WebhookEndpointCreateInput,
  ): Promise<WebhookEndpointWithSecret> {
    return this.bus.request(webhooks.endpointCreate, { accountId, mode, url: urlOf(url), ...eventsOf(events) });
  }

  update({ accountId, mode }: Principal, id: string, input: WebhookEndpointUpdateInput): Promise<WebhookEndpoint> {
    const { url, paused, disabled } = withoutNulls(input);
    if (disabled) throw invalidInput('disabled', '`disabled` can be set to false only. Pause the endpoint instead.');
    return this.bus.request(webhooks.endpointUpdate, {
      accountId,
      mode,
      id: knownId(id, 'endpoint'),
      ...(url === undefined ? {} : { url: urlOf(url) }),
      ...eventsOf(input.events),
      ...(paused === undefined ? {} : { paused }),
      ...(disabled === undefined ? {} : { disabled }),
    });
  }

  async remove({ accountId, mode }: Principal, id: string): Promise<true> {
    await this.bus.request(webhooks.endpointDelete, { accountId, mode, id: knownId(id, 'endpoint') });
    return true;
  }

  rotateSecret(
    { accountId, mode }: Principal,
    id: string,
    overlap?: number | null,
  ): Promise<WebhookEndpointWithSecret> {
    const request = { accountId, mode, id: knownId(id, 'endpoint'), ...overlapOf(overlap) };
    return this.bus.request(webhooks.endpointRotateSecret, request);
  }

  rotateDefaultSecret({ accountId, mode }: Principal, overlap?: number | null): Promise<WebhookSecret> {
    return this.bus.request(webhooks.defaultSecretRotate, { accountId, mode, ...overlapOf(overlap) });
  }
}

function urlOf(url: string): string {
  if (url.length <= LONGEST_URL) return url;
  throw invalidInput('url', `The URL may have ${LONGEST_URL} characters.`);
}

function eventsOf(events?: string[] | null): Pick<RequestOf<typeof webhooks.endpointUpdate>, 'events'> {
  if (events == null) return {};
  const known = webhookEventTypes.filter((type) => events.includes(type));
  if (known.length > 0 && events.every((event) => known.some((type) => type === event))) return { events: known };
  throw invalidInput('events', '`events` must be one or more of the events that there are.', webhookEventTypes);
}

function overlapOf(overlapSeconds?: number | null): { overlapSeconds?: number } {
  if (overlapSeconds == null) return {};
  if (overlapSeconds >= 0 && overlapSeconds <= LONGEST_OVERLAP_SECONDS) return { overlapSeconds };
  const allowed = { minimum: 0, maximum: LONGEST_OVERLAP_SECONDS };
  throw invalidInput('overlapSeconds', `\`overlapSeconds\` may be 0 to ${LONGEST_OVERLAP_SECONDS}.`, allowed);
}
