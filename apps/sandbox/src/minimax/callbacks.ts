import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type CallbackForm, Callbacks, type Delivery } from '../callbacks/callbacks.js';
import type { Task } from '../tasks/task.js';
import { baseResp } from './errors.js';
import { videoV2Model } from './models.js';
import { family, MinimaxVideos } from './videos.js';
import { MinimaxVideosV2 } from './videos-v2.js';

/** The vendor gives 3 s; a machine that is busy with much else may need more. */
const challengeTimeoutMs = 30_000;

/** A challenge that the receiver must repeat; then a POST for each change of status, unsigned, tried once. */
@Injectable()
export class MinimaxCallbacks implements CallbackForm {
  readonly family = family;
  readonly events = { processing: 0.15, end: 1 };
  readonly retrySeconds = [];

  constructor(
    @Inject(MinimaxVideos) private readonly videos: MinimaxVideos,
    @Inject(MinimaxVideosV2) private readonly videosV2: MinimaxVideosV2,
    @Inject(Callbacks) callbacks: Callbacks,
  ) {
    callbacks.register(this);
  }

  async mayCall(task: Task): Promise<boolean> {
    const challenge = randomBytes(16).toString('hex');
    try {
      const response = await fetch(task.callback?.url ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ challenge }),
        signal: AbortSignal.timeout(challengeTimeoutMs),
      });
      const answer = (await response.json()) as { challenge?: unknown } | null;
      return answer?.challenge === challenge;
    } catch {
      return false;
    }
  }

  /** Statuses are in lower case here, unlike in polls. */
  delivery(task: Task, event: string): Delivery {
    // What V2 sends is not documented beyond its words (unverified): here, what it answers to a poll.
    if (task.model === videoV2Model) return { body: JSON.stringify(this.videosV2.of(task)), headers: {} };
    const running = { status: 'processing', file_id: '', base_resp: baseResp.success };
    const { status, file_id, base_resp } = event === 'end' ? this.videos.endOf(task) : running;
    return {
      body: JSON.stringify({ task_id: task.id, status: status.toLowerCase(), file_id, base_resp }),
      headers: {},
    };
  }
}
