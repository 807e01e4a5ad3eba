import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { faultsOf } from '../faults/faults.js';
import { corruptBytes } from '../files/corrupt.js';
import { Links } from '../files/links.js';
import { Origins } from '../http/origins.js';
import { checker } from '../http/schema.js';
import { MediaStore } from '../media/media-store.js';
import type { ImageSpec } from '../media/specs.js';
import { Admission } from '../tasks/admission.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { baseResp, invalidParams, minimaxError, refusals } from './errors.js';
import { imageSizes } from './models.js';
import { family } from './videos.js';
import { ImageRequest } from './wire.js';

const urlLifeMs = 24 * 3_600_000;
const check = checker(ImageRequest);

@Injectable()
export class MinimaxImages {
  constructor(
    @Inject(Admission) private readonly admission: Admission,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Links) private readonly links: Links,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  async make(credential: string, http: FastifyRequest, body: unknown) {
    const [issue] = check(body);
    if (issue) throw invalidParams(`${issue.field || 'body'} ${issue.message}`);
    const request = body as ImageRequest;
    if (request.model === 'image-01-live' && !request.subject_reference) {
      throw invalidParams('subject_reference is required');
    }
    const task = await this.admission.accept(
      {
        id: randomUUID().replaceAll('-', ''),
        family,
        model: request.model,
        prompt: request.prompt,
        credential,
        seconds: 12,
        origin: this.origins.of(http),
        outputs: specsOf(request),
        details: {},
      },
      refusals,
    );
    await this.admission.finish(task);
    if (verdictOf(task) === 'failed') throw minimaxError(baseResp.internal);
    // Moderated outputs are left out of a call that succeeds.
    const isWithheld = verdictOf(task) === 'output-moderated';
    const images = isWithheld ? [] : task.outputs.map((_, index) => index);
    const expiresMs = this.clock.now() + urlLifeMs;
    const output =
      request.response_format === 'url'
        ? { image_urls: images.map((index) => this.links.to(task, index, 'image.jpeg', expiresMs)) }
        : { image_base64: await Promise.all(images.map((index) => this.base64(task, index))) };
    const counts = { success_count: images.length, failed_count: request.n - images.length };
    return {
      id: task.id,
      // The vendor's client has the counts here, as numbers; its documents have them below, as text.
      data: { ...output, task_id: task.id, ...counts },
      metadata: { success_count: String(counts.success_count), failed_count: String(counts.failed_count) },
      base_resp: baseResp.success,
    };
  }

  private async base64(task: Task, index: number): Promise<string> {
    if (faultsOf(task).has('corrupt-file')) return corruptBytes.toString('base64');
    const { path } = await this.media.file(task.outputs[index] as ImageSpec);
    return (await readFile(path)).toString('base64');
  }
}

function specsOf({ aspect_ratio, width, height, n, prompt }: ImageRequest): ImageSpec[] {
  const asked = width && height && !aspect_ratio ? { width, height } : undefined;
  const size = asked ?? imageSizes[aspect_ratio ?? '1:1'] ?? { width: 1024, height: 1024 };
  return Array.from({ length: n }, (_, index) => ({
    kind: 'image',
    format: 'jpeg',
    ...size,
    text: n > 1 ? `${prompt} (${index + 1} of ${n})` : prompt,
  }));
}
