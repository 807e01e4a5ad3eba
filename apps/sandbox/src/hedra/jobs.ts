import { Inject, Injectable } from '@nestjs/common';
import { Links } from '../files/links.js';
import { MediaStore } from '../media/media-store.js';
import { contentTypeOf } from '../media/specs.js';
import { OwnTasks } from '../tasks/own-tasks.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { TaskStore } from '../tasks/task-store.js';
import { Timeline } from '../tasks/timeline.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { internal, moderation, notFound } from './errors.js';

export const family = 'hedra';

const urlLifeMs = 3_600_000;
/** Bytes are kept so long after the end. */
const outputLifeMs = 48 * 3_600_000;
const usualPage = 50;
const largestPage = 100;

/** The progress at which a job leaves the queue. */
export const startsAt = 0.1;

export interface JobsQuery {
  limit?: string;
  cursor?: string;
}

/** What is told of a job, by polls and webhooks. */
@Injectable()
export class HedraJobs {
  constructor(
    @Inject(OwnTasks) private readonly own: OwnTasks,
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Links) private readonly links: Links,
  ) {}

  find(credential: string, id: string): Task {
    const task = this.own.find(family, credential, id);
    if (!task) throw notFound('job');
    return task;
  }

  /** The jobs of a key, newest first; of one model, or of all. */
  list(credential: string, { limit, cursor }: JobsQuery, model?: string) {
    const mine = [...this.tasks.all(family)].filter(
      (task) => task.credential === credential && (!model || task.model === model),
    );
    const newest = mine.reverse();
    const from = newest.findIndex(({ id }) => id === cursor) + 1;
    const to = from + Math.min(largestPage, Math.max(1, Number(limit) || usualPage));
    const page = newest.slice(from, to);
    return { data: page.map((task) => this.summary(task)), next_cursor: to < newest.length ? page.at(-1)?.id : null };
  }

  status(task: Task) {
    const { job_id, status } = this.of(task);
    const progress = this.timeline.progress(task);
    const estimate = progress < 1 ? this.estimate(task) : null;
    // Without an estimate nothing is known of the progress.
    const known = progress === 1 || estimate ? progress : 0;
    return { job_id, status, progress: known, estimated_completion_at: estimate };
  }

  private summary(task: Task) {
    const { job_id, model, status } = this.of(task);
    return { job_id, model, status, created_at: new Date(task.createdMs).toISOString() };
  }

  /** When it will be done, as the vendor writes times; null for one that is never done. */
  estimate(task: Task): string | null {
    const endsMs = this.timeline.endsMs(task);
    return Number.isFinite(endsMs) ? new Date(endsMs).toISOString() : null;
  }

  of(task: Task) {
    const { id: job_id, model, prompt } = task;
    const base = { job_id, model, prompt, metrics: null, error: null, logs: [] };
    const progress = this.timeline.progress(task);
    if (progress < 1) return { ...base, status: progress < startsAt ? 'IN_QUEUE' : 'IN_PROGRESS', outputs: [] };
    const charged = (cost: unknown) => ({ cost, currency: 'USD' });
    const verdict = verdictOf(task);
    if (verdict !== 'succeeded') {
      const error = verdict === 'failed' ? internal : moderation;
      return { ...base, status: 'FAILED', outputs: [], error, ...charged(0) };
    }
    const metrics = { processing_time_ms: Math.round(this.timeline.endsMs(task) - task.createdMs) };
    return { ...base, status: 'COMPLETED', outputs: [this.outputOf(task)], metrics, ...charged(task.details.cost) };
  }

  private outputOf(task: Task) {
    const spec = task.outputs[0];
    if (!spec || this.clock.now() > this.timeline.endsMs(task) + outputLifeMs) {
      return { status: 'EXPIRED', asset_id: null, voice_id: null, url: null, error: null };
    }
    this.media.warm(spec);
    const isVideo = spec.kind === 'video';
    return {
      status: 'COMPLETED',
      asset_id: task.id.replace('job_', 'asset_'),
      voice_id: null,
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
