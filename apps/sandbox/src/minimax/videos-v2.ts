import { randomInt } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Links } from '../files/links.js';
import { Origins } from '../http/origins.js';
import { checker } from '../http/schema.js';
import { inlinePicture, ratioOf, shapedLike } from '../media/pictures.js';
import type { VideoSpec } from '../media/specs.js';
import { Uploads } from '../storage/uploads.js';
import { Admission } from '../tasks/admission.js';
import { OwnTasks } from '../tasks/own-tasks.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { Timeline } from '../tasks/timeline.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { baseResp } from './errors.js';
import { invalidV2, refusalsV2 } from './errors-v2.js';
import { v2Pixels, videoV2Model } from './models.js';
import { roleOf, videoV2Fault } from './video-rules-v2.js';
import { family } from './videos.js';
import { VideoV2Request } from './wire.js';

const urlLifeMs = 3_600_000;
const fps = 24;
/** Seconds that the vendor takes for one second of video. */
const slowness = 20;

const check = checker(VideoV2Request);

@Injectable()
export class MinimaxVideosV2 {
  constructor(
    @Inject(Admission) private readonly admission: Admission,
    @Inject(OwnTasks) private readonly tasks: OwnTasks,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(Links) private readonly links: Links,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  async submit(credential: string, http: FastifyRequest, body: unknown) {
    const [issue] = check(body);
    if (issue) throw invalidV2(`${issue.field || 'body'} ${issue.message}`);
    const request = body as VideoV2Request;
    const fault = videoV2Fault(request);
    if (fault) throw invalidV2(fault);
    const { content, resolution, duration, ratio, callback_url: url } = request;
    const prompt = content.flatMap((item) => (item.type === 'text' ? item.text : [])).join('\n');
    const task = await this.admission.accept(
      {
        id: String(randomInt(100_000_000_000_000, 280_000_000_000_000)),
        family,
        model: videoV2Model,
        prompt,
        credential,
        seconds: slowness * duration,
        origin: this.origins.of(http),
        outputs: [await this.specOf(request, prompt)],
        callback: url ? { url } : undefined,
        details: { resolution, ratio, images: content.filter(({ type }) => type === 'image_url').length },
      },
      refusalsV2(),
    );
    return { task_id: task.id };
  }

  query(credential: string, id: string) {
    const task = this.tasks.find(family, credential, id);
    if (task?.model !== videoV2Model) throw invalidV2('task_id does not exist');
    return this.of(task);
  }

  /** What a poll tells of a task. */
  of(task: Task) {
    const { seconds } = task.outputs[0] as VideoSpec;
    const { resolution, ratio, images } = task.details;
    const progress = this.timeline.progress(task);
    const about = {
      id: task.id,
      model: task.model,
      resolution,
      duration: seconds,
      ratio,
      created_at: Math.floor(task.createdMs / 1000),
      updated_at: Math.floor((progress < 1 ? this.clock.now() : this.timeline.endsMs(task)) / 1000),
    };
    if (progress < 1) return { task: { ...about, status: progress < 0.15 ? 'queued' : 'running' } };
    const verdict = verdictOf(task);
    if (verdict !== 'succeeded') {
      const { status_code, status_msg } = verdict === 'failed' ? baseResp.internal : baseResp.outputBlocked;
      return { task: { ...about, status: 'failed', error: { code: String(status_code), message: status_msg } } };
    }
    const usage = { total_seconds: seconds, input_seconds: 0, output_seconds: seconds, input_image_count: images };
    // Not made before it is fetched, unlike other media: none is as costly as one of 2K.
    const url = this.links.to(task, 0, 'output_aigc.mp4', this.clock.now() + urlLifeMs);
    return { task: { ...about, status: 'succeeded', content: { url }, usage } };
  }

  /** With a first frame inside the request, the video has its shape and shows it. */
  private async specOf({ content, resolution, duration, ratio }: VideoV2Request, text: string): Promise<VideoSpec> {
    const frame = content.find((item) => roleOf(item) === 'first_frame');
    const url = frame?.type === 'image_url' ? frame.image_url.url : '';
    const picture = url.startsWith('data:')
      ? await inlinePicture(url, this.uploads).catch(() => {
          throw invalidV2('image format is not supported');
        })
      : undefined;
    const shape = picture ?? ratioOf(ratio) ?? { width: 16, height: 9 };
    const size = shapedLike(shape, v2Pixels[resolution] ?? 0, 2);
    return { kind: 'video', ...size, seconds: duration, fps, text, picture: picture?.path };
  }
}
