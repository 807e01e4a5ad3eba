import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type CallbackForm, Callbacks, type Delivery } from '../callbacks/callbacks.js';
import type { Task } from '../tasks/task.js';
import { Timeline } from '../tasks/timeline.js';
import { FluxResults, family } from './results.js';

/** Sources disagree on how a webhook proves itself, so both ways are sent: the secret, and a signature made with it. */
@Injectable()
export class FluxWebhooks implements CallbackForm {
  readonly family = family;
  readonly events = { end: 1 };
  readonly retrySeconds = [1, 5, 30];

  constructor(
    @Inject(FluxResults) private readonly results: FluxResults,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(Callbacks) callbacks: Callbacks,
  ) {
    callbacks.register(this);
  }

  delivery(task: Task): Delivery {
    const { status, result } = this.results.of(task);
    const timestamp = new Date(this.timeline.endsMs(task)).toISOString();
    const outcome = result ? { result } : { error: status, message: `The task ended as ${status}` };
    const body = JSON.stringify({ id: task.id, status, ...outcome, timestamp });
    const secret = task.callback?.secret;
    const headers: Record<string, string> = secret
      ? {
          'x-webhook-secret': secret,
          'x-bfl-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        }
      : {};
    return { body, headers };
  }
}
