import { EgressRefusedError, guardedRequest } from '@doitong/egress';
import { AssetUrlSigner } from '@doitong/media';
import { Clock } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import type { WebhookDispatcherConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { payloadOf } from './payload.js';
import type { Attempt, ClaimedDelivery } from './queue.repository.js';
import { retryAfterMs } from './retry-schedule.js';

/** As much of an answer as is kept. */
const ANSWER_BYTES = 1_024;

interface Answer extends Pick<Attempt, 'status' | 'error' | 'answer'> {
  /** The wait that Retry-After asks for. */
  askedMs: number;
}

/** Makes one attempt: signs a delivery with each live secret and posts it through the egress guard. */
@Injectable()
export class Sender {
  constructor(
    private readonly assetUrls: AssetUrlSigner,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: WebhookDispatcherConfig,
  ) {}

  /** Whatever the receiver does, or fails to do, is an attempt and no error. */
  async attempt(delivery: ClaimedDelivery, secrets: string[]): Promise<{ attempt: Attempt; askedMs: number }> {
    const at = this.clock.now();
    const { askedMs, ...answer } = await this.post(delivery, secrets, at).catch((error) => this.withoutAnswer(error));
    const latencyMs = this.clock.now().getTime() - at.getTime();
    return { attempt: { deliveryId: delivery.id, number: delivery.tries + 1, at, latencyMs, ...answer }, askedMs };
  }

  private async post({ url, event }: ClaimedDelivery, secrets: string[], at: Date): Promise<Answer> {
    const body = payloadOf(event, (key) => this.assetUrls.sign(key));
    const {
      status,
      headers,
      body: answer,
    } = await guardedRequest(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Doitong-Webhooks/1.0',
        'webhook-id': event.id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(event.id, at, body)).join(' '),
      },
      body,
      timeoutMs: this.config.WEBHOOK_TIMEOUT_MS,
      maxResponseBytes: ANSWER_BYTES,
      truncate: true,
      allowHttp: this.config.WEBHOOK_ALLOW_HTTP,
      allowLoopback: this.config.WEBHOOK_ALLOW_LOOPBACK,
    });
    const askedMs = retryAfterMs(headers['retry-after'], this.clock.now());
    return { status, error: null, answer: storable(answer), askedMs };
  }

  private withoutAnswer(error: unknown): Answer {
    return { status: null, error: this.explain(error), answer: null, askedMs: 0 };
  }

  /** What the customer may know: which rule or which step failed, nothing of the network that we are in. */
  private explain(error: unknown): string {
    if (error instanceof EgressRefusedError) return error.message;
    const { name, code } = error as NodeJS.ErrnoException;
    if (name === 'TimeoutError') return `No answer within ${this.config.WEBHOOK_TIMEOUT_MS} ms.`;
    return `No answer: ${code ?? name}.`;
  }
}

/** Text that PostgreSQL takes, whatever bytes were sent. */
const storable = (bytes: Buffer) => bytes.toString('utf8').replaceAll('\0', '\uFFFD');
