import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { type CallbackForm, Callbacks, type Delivery } from '../callbacks/callbacks.js';
import { DataDir } from '../storage/data-dir.js';
import type { Task } from '../tasks/task.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { family, HedraJobs } from './jobs.js';

/** What stands in front of 32 bytes of seed to make an Ed25519 key of them (PKCS #8, RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const rawKeyBytes = 32;

/** Signed with a key that stays the same at every start. */
@Injectable()
export class HedraWebhooks implements CallbackForm {
  readonly family = family;
  readonly events = { end: 1 };
  readonly retrySeconds = [10, 30, 90, 270, 810, 2430, 3600, 3600, 3600, 3600, 3600];
  private readonly key;

  constructor(
    @Inject(HedraJobs) private readonly jobs: HedraJobs,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(DataDir) dir: DataDir,
    @Inject(Callbacks) callbacks: Callbacks,
  ) {
    const der = Buffer.concat([pkcs8Prefix, dir.derive('hedra webhook key')]);
    this.key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    callbacks.register(this);
  }

  publicKey() {
    const der = createPublicKey(this.key).export({ format: 'der', type: 'spki' });
    return { algorithm: 'ed25519', public_key: der.subarray(-rawKeyBytes).toString('base64') };
  }

  delivery(task: Task, _event: string, attempt: number): Delivery {
    const result = this.jobs.of(task);
    const body = JSON.stringify({ ...result, logs: undefined, cost: undefined, currency: undefined });
    const timestamp = String(Math.floor(this.clock.now() / 1000));
    const event = result.status === 'FAILED' ? 'job.failed' : 'job.completed';
    const digest = createHash('sha256').update(body).digest('hex');
    const signed = [timestamp, task.id, event, 'false', digest].join('\n');
    return {
      body,
      headers: {
        'x-hedra-webhook-id': task.id,
        'x-hedra-webhook-timestamp': timestamp,
        'x-hedra-webhook-event': event,
        'x-hedra-webhook-redelivery': 'false',
        'x-hedra-webhook-attempt': String(attempt),
        'x-hedra-webhook-signature': sign(null, Buffer.from(signed), this.key).toString('hex'),
      },
    };
  }
}
