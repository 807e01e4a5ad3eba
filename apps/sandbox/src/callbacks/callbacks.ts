import { Logger } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { faultsOf } from '../faults/faults.js';
import type { Task } from '../tasks/task.js';
import { TaskStore } from '../tasks/task-store.js';
import { Timeline } from '../tasks/timeline.js';
import { ClockStopped, VirtualClock } from '../time/virtual-clock.js';

export interface Delivery {
  body: string;
  headers: Record<string, string>;
}

/** How one vendor calls back. */
export interface CallbackForm {
  family: string;
  /** Its events, by the progress at which each is due. */
  events: Record<string, number>;
  /** Seconds between the tries of one event; none: it is tried once. */
  retrySeconds: number[];
  /** False: nothing is sent to this URL. Asked once a task and start. */
  mayCall?(task: Task): Promise<boolean>;
  /** `attempt` counts from 1. */
  delivery(task: Task, event: string, attempt: number): Delivery;
}

const timeoutMs = 30_000;

/** Sends the callbacks of tasks that asked for them; after a restart, those that have not arrived. */
@Injectable()
export class Callbacks implements OnApplicationBootstrap {
  private readonly forms = new Map<string, CallbackForm>();

  constructor(
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(Logger) private readonly logger: Logger,
  ) {}

  register(form: CallbackForm): void {
    this.forms.set(form.family, form);
  }

  onApplicationBootstrap(): void {
    for (const task of this.tasks.all()) this.schedule(task);
  }

  schedule(task: Task): void {
    const form = this.forms.get(task.family);
    if (!form || !task.callback) return;
    const waiting = Object.entries(form.events).filter(([event]) => !this.tasks.hasArrived(task, event));
    const due = waiting.map(([event, progress]) => ({ event, dueMs: this.timeline.reachesMs(task, progress) }));
    const coming = due.filter(({ dueMs }) => Number.isFinite(dueMs));
    if (coming.length === 0) return;
    this.send(form, task, coming).catch((error) => {
      // The next start sends it.
      if (error instanceof ClockStopped) return;
      this.logger.error('callback failed', { error, family: task.family, task: task.id });
    });
  }

  private async send(form: CallbackForm, task: Task, events: { event: string; dueMs: number }[]): Promise<void> {
    if (form.mayCall && !(await form.mayCall(task))) return;
    for (const { event, dueMs } of events) {
      await this.clock.until(dueMs);
      await this.deliver(form, task, event);
      if (faultsOf(task).has('callback-twice')) await this.deliver(form, task, event);
    }
  }

  private async deliver(form: CallbackForm, task: Task, event: string): Promise<void> {
    for (const [index, waitSeconds] of [0, ...form.retrySeconds].entries()) {
      if (waitSeconds > 0) await this.clock.until(this.clock.now() + waitSeconds * 1000);
      if (await this.post(task, form.delivery(task, event, index + 1))) {
        await this.tasks.noteArrival(task, event);
        return;
      }
    }
    this.logger.warn('callback given up', { family: task.family, task: task.id, event });
  }

  private async post(task: Task, { body, headers }: Delivery): Promise<boolean> {
    const url = task.callback?.url ?? '';
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}
