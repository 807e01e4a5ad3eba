import { Inject, Injectable } from '@nestjs/common';
import { FaultGate } from '../faults/gate.js';
import { gatewayPage } from '../http/vendor-error.js';
import type { Task } from './task.js';
import { TaskStore } from './task-store.js';

/** Tasks as clients look at them: a task is known only to the key that made it. */
@Injectable()
export class OwnTasks {
  constructor(
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(FaultGate) private readonly gate: FaultGate,
  ) {}

  find(family: string, credential: string, id: string): Task | undefined {
    const task = this.tasks.find(family, id);
    if (task?.credential !== credential) return undefined;
    if (this.gate.refusesLook(task)) throw gatewayPage(403, 'Forbidden');
    return task;
  }
}
