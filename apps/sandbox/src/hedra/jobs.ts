import { Inject, Injectable } from '@nestjs/common';
import { Links } from '../files/links.js';
import { MediaStore } from '../media/media-store.js';
import { contentTypeOf } from '../media/specs.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { TaskStore } from '../tasks/task-store.js';
import { Timeline } from '../tasks/timeline.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { internal, moderation, notFound } from './errors.js';

export const family = 'hedra';

const urlLifeMs = 3_600_000;
/** Bytes are kept so long after the end. */
const outputLifeMs = 48 * 3_600_000;

/** What is told of a job, by polls and webhooks. */
@Injectable()
export class HedraJobs {
  constructor(
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Links) private readonly links: Links,
  ) {}

  find(credential: string, id: string): Task {
    const task = this.tasks.find(family, id);
    if (task?.credential !== credential || !task) throw notFound('job');
    return task;
  }

  /** The newest jobs of a key. */
  list(credential: string) {
    const mine = [...this.tasks.all(family)].filter((task) => task.credential === credential);
    return {
      data: mine
        .slice(-50)
        .reverse()
        .map((task) => this.of(task)),
      next_cursor: null,
    };
  }

  status(task: Task) {
    const { job_id, status } = this.of(task);
    return { job_id, status, progress: this.timeline.progress(task), estimated_completion_at: this.estimate(task) };
  }

  /** When it will be done, as the vendor writes times; null for one that is never done. */
  estimate(task: Task): string | null {
    const endsMs = this.timeline.endsMs(task);
    return Number.isFinite(endsMs) ? new Date(endsMs).toISOString() : null;
  }

  of(task: Task) {
    const { id: job_id, model, prompt } = task;
    const base = { job_id, model, prompt, metrics: null, error: null, logs: [], currency: 'USD' };
    const progress = this.timeline.progress(task);
    if (progress < 1) return { ...base, status: progress < 0.1 ? 'IN_QUEUE' : 'IN_PROGRESS', outputs: [], cost: null };
    const verdict = verdictOf(task);
    if (verdict !== 'succeeded') {
      return { ...base, status: 'FAILED', outputs: [], error: verdict === 'failed' ? internal : moderation, cost: 0 };
    }
    const metrics = { processing_time_ms: Math.round(this.timeline.endsMs(task) - task.createdMs) };
    return { ...base, status: 'COMPLETED', outputs: [this.outputOf(task)], metrics, cost: task.details.cost };
  }

  private outputOf(task: Task) {
    const spec = task.outputs[0];
    if (!spec || this.clock.now() > this.timeline.endsMs(task) + outputLifeMs) {
      return { status: 'EXPIRED', asset_id: null, url: null, error: null };
    }
    this.media.warm(spec);
    const isVideo = spec.kind === 'video';
    return {
      status: 'COMPLETED',
      asset_id: task.id.replace('job_', 'asset_'),
      // Signed anew on every read.
      url: this.links.to(task, 0, isVideo ? 'output.mp4' : 'output.mp3', this.clock.now() + urlLifeMs),
      content_type: contentTypeOf(spec),
      width: isVideo ? spec.width : null,
      height: isVideo ? spec.height : null,
      duration_ms: spec.kind === 'image' ? null : Math.round(spec.seconds * 1000),
      fps: isVideo ? spec.fps : null,
      error: null,
    };
  }
}
