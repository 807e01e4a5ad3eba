import { Inject, Injectable } from '@nestjs/common';
import type { Task } from '../tasks/task.js';
import { Timeline } from '../tasks/timeline.js';
import { ClockStopped, VirtualClock } from '../time/virtual-clock.js';
import { HedraJobs, startsAt } from './jobs.js';

/** Where the states of a job begin; the ids of the frames count them. */
const states = [0, startsAt, 1];

/** A job as server-sent events. */
@Injectable()
export class HedraStream {
  constructor(
    @Inject(HedraJobs) private readonly jobs: HedraJobs,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
  ) {}

  /** The state of now, each one that follows it, and `done` after the last. A stream without `done` was cut short. */
  async *of(task: Task): AsyncGenerator<string> {
    let state = states.findLastIndex((at) => this.timeline.progress(task) >= at);
    for (;;) {
      yield `event: status\nid: ${state}\ndata: ${JSON.stringify(this.jobs.status(task))}\n\n`;
      state += 1;
      const next = states[state];
      if (next === undefined) break;
      try {
        await this.clock.until(this.timeline.reachesMs(task, next));
      } catch (error) {
        if (error instanceof ClockStopped) return;
        throw error;
      }
    }
    // The one frame whose data is no JSON.
    yield 'event: done\ndata: [STREAM_DONE]\n\n';
  }
}
