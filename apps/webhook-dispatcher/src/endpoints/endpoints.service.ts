import {
  DoitongError,
  invalidInput,
  type ReplyOf,
  type RequestOf,
  type WebhookEndpoint,
  type WebhookEventType,
  type webhooks,
} from '@doitong/contracts';
import { checkCustomerUrl, EgressRefusedError } from '@doitong/egress';
import { Ids, Logger } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { WebhookDispatcherConfig } from '../config.js';
import { SecretsService } from '../secrets/secrets.service.js';
import { Dispatcher } from '../sending/dispatcher.js';
import { CONFIG } from '../tokens.js';
import { type EndpointRow, EndpointsRepository, toEndpoint } from './endpoints.repository.js';

/** Each event is a delivery for each of them. */
const MOST_ENDPOINTS = 20;
const DEFAULT_EVENTS: WebhookEventType[] = ['generation.completed', 'generation.failed', 'generation.cancelled'];

@Injectable()
export class EndpointsService {
  constructor(
    @Inject(EndpointsRepository) private readonly repository: EndpointsRepository,
    @Inject(SecretsService) private readonly secrets: SecretsService,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(Ids) private readonly ids: Ids,
    @Inject(Logger) private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: WebhookDispatcherConfig,
  ) {}

  async create({
    accountId,
    url,
    events = DEFAULT_EVENTS,
  }: RequestOf<typeof webhooks.endpointCreate>): Promise<ReplyOf<typeof webhooks.endpointCreate>> {
    this.checkUrl(url);
    const secret = this.secrets.make();
    const added = { id: this.ids.next('whk'), accountId, url, events: [...new Set(events)] };
    const row = await this.repository.add(added, secret, MOST_ENDPOINTS);
    if (!row) throw invalidInput('url', `An account may have ${MOST_ENDPOINTS} webhook endpoints.`);
    this.logger.info('webhook endpoint created', { accountId, endpointId: row.id });
    return { secret, endpoint: toEndpoint(row) };
  }

  async update(request: RequestOf<typeof webhooks.endpointUpdate>): Promise<WebhookEndpoint> {
    const { accountId, id, url, events, paused, disabled } = request;
    if (url !== undefined) this.checkUrl(url);
    const change = { url: url ?? null, events: events ?? null, paused: paused ?? null, enable: disabled === false };
    const row = await this.repository.change(accountId, id, change);
    if (!row) throw noSuchEndpoint(id);
    this.logger.info('webhook endpoint changed', { accountId, endpointId: id });
    this.dispatcher.wake();
    return toEndpoint(row);
  }

  async remove(accountId: string, id: string): Promise<void> {
    if (!(await this.repository.remove(accountId, id))) throw noSuchEndpoint(id);
    this.logger.info('webhook endpoint deleted', { accountId, endpointId: id });
  }

  async rotateSecret({
    accountId,
    id,
    overlapSeconds,
  }: RequestOf<typeof webhooks.endpointRotateSecret>): Promise<ReplyOf<typeof webhooks.endpointRotateSecret>> {
    const row = await this.get(accountId, id);
    const secret = await this.secrets.rotate(id, overlapSeconds);
    this.logger.info('webhook secret rotated', { accountId, endpointId: id });
    return { secret, endpoint: toEndpoint(row) };
  }

  async rotateDefaultSecret(accountId: string, overlapSeconds: number | undefined): Promise<string> {
    const secret = await this.secrets.rotate(accountId, overlapSeconds);
    this.logger.info('webhook secret rotated', { accountId });
    return secret;
  }

  async list(accountId: string): Promise<WebhookEndpoint[]> {
    return (await this.repository.ofAccounts([accountId])).map(toEndpoint);
  }

  async get(accountId: string, id: string): Promise<EndpointRow> {
    const row = await this.repository.find(accountId, id);
    if (!row) throw noSuchEndpoint(id);
    return row;
  }

  /** What its text tells; where its name leads is looked at in each attempt. */
  private checkUrl(url: string): void {
    const { WEBHOOK_ALLOW_HTTP: allowHttp, WEBHOOK_ALLOW_LOOPBACK: allowLoopback } = this.config;
    try {
      checkCustomerUrl(url, { allowHttp, allowLoopback });
    } catch (error) {
      if (error instanceof EgressRefusedError) throw invalidInput('url', error.message);
      throw error;
    }
  }
}

function noSuchEndpoint(id: string): DoitongError {
  return new DoitongError('NOT_FOUND', `There is no webhook endpoint ${id}.`, { field: 'id' });
}
