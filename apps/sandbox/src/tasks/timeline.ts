import { Inject, Injectable } from '@nestjs/common';
import type { SandboxConfig } from '../config.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { CONFIG } from '../tokens.js';
import { durationMs, furthest, type Task } from './task.js';

/** Where tasks stand, told by the clock alone: there is nothing to lose when the process is killed. */
@Injectable()
export class Timeline {
  constructor(
    @Inject(CONFIG) private readonly config: SandboxConfig,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
  ) {}

  /** From 0 to 1, which is the end. */
  progress(task: Task): number {
    const duration = durationMs(task, this.config.SANDBOX_SPEED);
    const age = Math.max(0, this.clock.now() - task.createdMs);
    return Math.min(furthest(task), age >= duration ? 1 : age / duration);
  }

  /** When it has come so far, in the clock's ms; infinite if it never does. */
  reachesMs(task: Task, progress: number): number {
    if (progress > furthest(task)) return Number.POSITIVE_INFINITY;
    return task.createdMs + progress * durationMs(task, this.config.SANDBOX_SPEED);
  }

  endsMs(task: Task): number {
    return this.reachesMs(task, 1);
  }
}
