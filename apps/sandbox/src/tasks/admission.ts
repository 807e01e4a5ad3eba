import { Inject, Injectable } from '@nestjs/common';
import { Callbacks } from '../callbacks/callbacks.js';
import { faults, faultsOf } from '../faults/faults.js';
import { type Ask, FaultGate, type Refusal } from '../faults/gate.js';
import { gatewayPage, Unanswered, VendorError } from '../http/vendor-error.js';
import { MediaStore } from '../media/media-store.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { Asks } from './asks.js';
import type { Task } from './task.js';
import { TaskStore } from './task-store.js';
import { Timeline } from './timeline.js';

/** A submit that the vendor's own checks have passed. */
export type Draft = Omit<Task, 'createdMs'>;

/** How a vendor words each refusal; undefined where it says so later, through the task. */
export type Refusals = Record<Refusal, VendorError | undefined>;

/** Takes submits in, or has them fail as their markers say. */
@Injectable()
export class Admission {
  constructor(
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(Asks) private readonly asks: Asks,
    @Inject(FaultGate) private readonly gate: FaultGate,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Callbacks) private readonly callbacks: Callbacks,
  ) {}

  /** The first task of an idempotency key that has been used: whoever repeats it is answered with that. */
  async repeated(ask: Ask & Pick<Task, 'idempotencyKey'>): Promise<Task | undefined> {
    const first = await this.tasks.repeated(ask);
    if (first) this.asks.note(ask);
    return first;
  }

  /** The recorded task; the first one of its idempotency key where that is known. Throws what is to be answered instead. */
  async accept(draft: Draft, refusals: Refusals): Promise<Task> {
    this.asks.note(draft);
    const { has, unknown } = faultsOf(draft);
    if (unknown.length > 0) {
      throw new VendorError(400, { error: `the sandbox knows no ${unknown.join(', ')}`, known: Object.keys(faults) });
    }
    const refusal = this.gate.refusalOf(draft);
    const answer = refusal && refusals[refusal];
    if (answer) throw answer;
    const { task, isNew } = await this.tasks.accept({ ...draft, createdMs: this.clock.now() });
    if (isNew) this.callbacks.schedule(task);
    if (isNew && has('answer-lost')) throw new Unanswered('broken');
    if (isNew && this.gate.isDue('proxy-error-once', draft)) throw gatewayPage(502, 'Bad Gateway');
    return task;
  }

  /** For vendors that answer when the output is there. Rendering goes on while the time passes. */
  async finish(task: Task): Promise<void> {
    if (faultsOf(task).has('hang')) throw new Unanswered('silent');
    for (const output of task.outputs) this.media.warm(output);
    await this.clock.until(this.timeline.endsMs(task)).catch(() => {
      throw new Unanswered('broken');
    });
  }
}
