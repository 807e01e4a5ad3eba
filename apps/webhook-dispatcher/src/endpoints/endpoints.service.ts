import {
  DoitongError,
  invalidInput,
  type ReplyOf,
  type RequestOf,
  type WebhookEndpoint,
  type WebhookEventType,
  type webhooks,
} from '@doitong/contracts';
import { checkGivenUrl, EgressRefusedError } from '@doitong/egress';
import { Ids, Logger } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { WebhookDispatcherConfig } from '../config.js';
import type { By } from '../operator/audit.js';
import { SecretsService } from '../secrets/secrets.service.js';
import { Dispatcher } from '../sending/dispatcher.js';
import { CONFIG } from '../tokens.js';
import { EndpointsRepository, type Owner, toEndpoint } from './endpoints.repository.js';

/** Each event is a delivery for each of them. */
const MOST_ENDPOINTS = 20;
const DEFAULT_EVENTS: WebhookEventType[] = ['generation.completed', 'generation.failed', 'generation.cancelled'];

@Injectable()
export class EndpointsService {
  constructor(
    private readonly repository: EndpointsRepository,
    private readonly secrets: SecretsService,
    private readonly dispatcher: Dispatcher,
    private readonly ids: Ids,
    private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: WebhookDispatcherConfig,
  ) {}

  async create(
    { accountId, mode, url, events = DEFAULT_EVENTS }: RequestOf<typeof webhooks.endpointCreate>,
    by: By = 'holder',
  ): Promise<ReplyOf<typeof webhooks.endpointCreate>> {
    this.checkUrl(url);
    const secret = this.secrets.make();
    const added = { id: this.ids.next('whk'), accountId, mode, url, events: [...new Set(events)] };
    const endpoint = await this.repository.add(added, secret, MOST_ENDPOINTS, by);
    if (!endpoint)
      throw invalidInput('url', `An account may have ${MOST_ENDPOINTS} webhook endpoints for ${mode} keys.`);
    this.logger.info('webhook endpoint created', { accountId, endpointId: endpoint.id });
    return { secret, endpoint };
  }

  async update(request: RequestOf<typeof webhooks.endpointUpdate>, by: By = 'holder'): Promise<WebhookEndpoint> {
    const { accountId, mode, id, url, events, paused, disabled } = request;
    if (url !== undefined) this.checkUrl(url);
    const change = { url: url ?? null, events: events ?? null, paused: paused ?? null, enable: disabled === false };
    const changed = await this.repository.change({ accountId, mode }, id, change, by);
    if (!changed) throw noSuchEndpoint(id);
    this.logger.info('webhook endpoint changed', { accountId, endpointId: id });
    this.dispatcher.wake();
    return changed;
  }

  /** Tells what it was. */
  async remove({ accountId, mode }: Owner, id: string, by: By = 'holder'): Promise<WebhookEndpoint> {
    const gone = await this.repository.remove({ accountId, mode }, id, by);
    if (!gone) throw noSuchEndpoint(id);
    this.logger.info('webhook endpoint deleted', { accountId, endpointId: id });
    return gone;
  }

  async rotateSecret(
    { accountId, mode, id, overlapSeconds }: RequestOf<typeof webhooks.endpointRotateSecret>,
    by: By = 'holder',
  ): Promise<ReplyOf<typeof webhooks.endpointRotateSecret>> {
    const endpoint = await this.get({ accountId, mode }, id);
    const secret = await this.secrets.rotate({ accountId, mode, endpointId: id }, overlapSeconds, by);
    this.logger.info('webhook secret rotated', { accountId, endpointId: id });
    return { secret, endpoint };
  }

  async rotateDefaultSecret(
    { accountId, mode, overlapSeconds }: RequestOf<typeof webhooks.defaultSecretRotate>,
    by: By = 'holder',
  ): Promise<string> {
    const secret = await this.secrets.rotate({ accountId, mode, endpointId: null }, overlapSeconds, by);
    this.logger.info('webhook secret rotated', { accountId, mode });
    return secret;
  }

  /** Without a mode, of both. */
  async list({ accountId, mode }: Pick<Owner, 'accountId'> & Partial<Owner>): Promise<WebhookEndpoint[]> {
    const all = await this.repository.ofAccounts([accountId]);
    return all.filter((one) => mode === undefined || one.mode === mode).map(toEndpoint);
  }

  /** NOT_FOUND also for what another account or the other mode has. */
  async get({ accountId, mode }: Owner, id: string): Promise<WebhookEndpoint> {
    const row = await this.repository.find(id);
    if (row?.account_id !== accountId || row.mode !== mode) throw noSuchEndpoint(id);
    return toEndpoint(row);
  }

  /** Whose it is. */
  async ownerOf(id: string): Promise<Owner> {
    const row = await this.repository.find(id);
    if (!row) throw noSuchEndpoint(id);
    return { accountId: row.account_id, mode: row.mode };
  }

  /** What its text tells; where its name leads is looked at in each attempt. */
  private checkUrl(url: string): void {
    const { WEBHOOK_ALLOW_HTTP: allowHttp, WEBHOOK_ALLOW_LOOPBACK: allowLoopback } = this.config;
    try {
      checkGivenUrl(url, { allowHttp, allowLoopback });
    } catch (error) {
      if (error instanceof EgressRefusedError) throw invalidInput('url', error.message);
      throw error;
    }
  }
}

function noSuchEndpoint(id: string): DoitongError {
  return new DoitongError('NOT_FOUND', `There is no webhook endpoint ${id}.`, { field: 'id' });
}
