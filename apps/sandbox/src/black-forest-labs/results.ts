import { Inject, Injectable } from '@nestjs/common';
import { Links } from '../files/links.js';
import { MediaStore } from '../media/media-store.js';
import type { ImageSpec } from '../media/specs.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { Timeline } from '../tasks/timeline.js';

export const family = 'black-forest-labs';

/** From the moment that it is ready; another poll gives no new one. */
const urlLifeMs = 600_000;

/** What a poll, or a webhook, tells of a task. */
@Injectable()
export class FluxResults {
  constructor(
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Links) private readonly links: Links,
  ) {}

  of(task: Task) {
    const blank = { result: null, progress: null, details: null, preview: null };
    const progress = this.timeline.progress(task);
    if (progress < 1) return { id: task.id, status: 'Pending', ...blank, progress };
    const verdict = verdictOf(task);
    switch (verdict) {
      case 'failed':
        return { id: task.id, status: 'Error', ...blank, details: { error: 'Generation failed' } };
      case 'content-rejected':
      case 'output-moderated': {
        const status = verdict === 'content-rejected' ? 'Request Moderated' : 'Content Moderated';
        return { id: task.id, status, ...blank, details: { 'Moderation Reasons': ['Safety Filter'] } };
      }
      case 'succeeded':
        return { id: task.id, status: 'Ready', ...blank, result: this.resultOf(task) };
    }
  }

  private resultOf(task: Task) {
    const spec = task.outputs[0] as ImageSpec;
    this.media.warm(spec);
    const endsMs = this.timeline.endsMs(task);
    return {
      sample: this.links.to(task, 0, `sample.${spec.format}`, endsMs + urlLifeMs),
      prompt: task.prompt,
      seed: task.details.seed,
      start_time: task.createdMs / 1000,
      end_time: endsMs / 1000,
      duration: (endsMs - task.createdMs) / 1000,
    };
  }
}
