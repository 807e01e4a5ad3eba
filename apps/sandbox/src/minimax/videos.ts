import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { faultsOf } from '../faults/faults.js';
import { corruptBytes } from '../files/corrupt.js';
import { Links } from '../files/links.js';
import { Origins } from '../http/origins.js';
import { checker } from '../http/schema.js';
import { MediaStore } from '../media/media-store.js';
import { inlinePicture, shapedLike } from '../media/pictures.js';
import type { VideoSpec } from '../media/specs.js';
import { Uploads } from '../storage/uploads.js';
import { Admission } from '../tasks/admission.js';
import { OwnTasks } from '../tasks/own-tasks.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { Timeline } from '../tasks/timeline.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { baseResp, invalidParams, refusals } from './errors.js';
import { landscape, videoModels, videoV2Model } from './models.js';
import { resolutionOf, videoFault } from './video-rules.js';
import { VideoRequest } from './wire.js';

export const family = 'minimax';
const urlLifeMs = 3_600_000;
const fps = 24;
/** File ids are numbers of their own, but tell their task. */
const fileOffset = 98_342_193_914_401;

const check = checker(VideoRequest);

@Injectable()
export class MinimaxVideos {
  constructor(
    @Inject(Admission) private readonly admission: Admission,
    @Inject(OwnTasks) private readonly tasks: OwnTasks,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(Links) private readonly links: Links,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  async submit(credential: string, http: FastifyRequest, body: unknown) {
    const [issue] = check(body);
    if (issue) throw invalidParams(`${issue.field || 'body'} ${issue.message}`);
    const request = body as VideoRequest;
    const fault = videoFault(request);
    if (fault) throw invalidParams(fault);
    const output = await this.specOf(request);
    const task = await this.admission.accept(
      {
        id: String(randomInt(100_000_000_000_000, 380_000_000_000_000)),
        family,
        model: request.model,
        prompt: request.prompt ?? '',
        credential,
        seconds: ((videoModels[request.model]?.seconds ?? 100) * request.duration) / 6,
        origin: this.origins.of(http),
        outputs: [output],
        callback: request.callback_url ? { url: request.callback_url } : undefined,
        details: {},
      },
      refusals,
    );
    return { task_id: task.id, base_resp: baseResp.success };
  }

  query(credential: string, id: string) {
    const task = this.find(credential, id);
    const progress = this.timeline.progress(task);
    if (progress < 1) {
      const status = progress < 0.05 ? 'Preparing' : progress < 0.15 ? 'Queueing' : 'Processing';
      return { task_id: id, status, file_id: '', video_width: 0, video_height: 0, base_resp: baseResp.success };
    }
    return { task_id: id, ...this.endOf(task) };
  }

  /** How a task ended, as polls tell it. */
  endOf(task: Task) {
    const failed = { status: 'Failed', file_id: '', video_width: 0, video_height: 0 };
    switch (verdictOf(task)) {
      case 'failed':
        return { ...failed, base_resp: baseResp.internal };
      case 'content-rejected':
        return { ...failed, base_resp: baseResp.inputBlocked };
      case 'output-moderated':
        return { ...failed, base_resp: baseResp.outputBlocked };
      case 'succeeded': {
        const { width, height } = videoOf(task);
        this.media.warm(videoOf(task));
        const file_id = String(Number(task.id) + fileOffset);
        return { status: 'Success', file_id, video_width: width, video_height: height, base_resp: baseResp.success };
      }
    }
  }

  async file(credential: string, id: string) {
    const task = this.findByFile(credential, id);
    const { bytes } = await this.media.file(videoOf(task));
    return {
      file: {
        file_id: Number(id),
        bytes,
        created_at: Math.floor(this.timeline.endsMs(task) / 1000),
        filename: 'output_aigc.mp4',
        purpose: 'video_generation',
        download_url: this.links.to(task, 0, 'output_aigc.mp4', this.clock.now() + urlLifeMs),
      },
      base_resp: baseResp.success,
    };
  }

  async content(credential: string, id: string) {
    const task = this.findByFile(credential, id);
    const { path, contentType } = await this.media.file(videoOf(task));
    const bytes = faultsOf(task).has('corrupt-file') ? corruptBytes : await readFile(path);
    return { contentType, bytes };
  }

  private find(credential: string, id: string): Task {
    const task = this.tasks.find(family, credential, id);
    if (!task || task.model === videoV2Model) throw invalidParams('task_id does not exist');
    return task;
  }

  private findByFile(credential: string, fileId: string): Task {
    const task = this.tasks.find(family, credential, String(Number(fileId) - fileOffset));
    const isThere =
      task && task.model !== videoV2Model && this.timeline.progress(task) === 1 && verdictOf(task) === 'succeeded';
    if (!isThere) throw invalidParams('file_id does not exist');
    return task;
  }

  /** With a picture inside the request, the video has its shape and shows it. */
  private async specOf(request: VideoRequest): Promise<VideoSpec> {
    const size = landscape[resolutionOf(request)] ?? { width: 1366, height: 768 };
    const source = request.first_frame_image ?? request.subject_reference?.[0]?.image[0];
    const picture = source
      ? await inlinePicture(source, this.uploads).catch(() => {
          throw invalidParams('image format is not supported');
        })
      : undefined;
    const shaped = picture && request.first_frame_image ? shapedLike(picture, size.width * size.height, 2) : size;
    const text = request.prompt ?? request.model;
    return { kind: 'video', ...shaped, seconds: request.duration, fps, text, picture: picture?.path };
  }
}

const videoOf = (task: Task) => task.outputs[0] as VideoSpec;
