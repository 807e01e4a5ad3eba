import { randomInt, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Origins } from '../http/origins.js';
import { checker } from '../http/schema.js';
import { inlinePicture, ratioOf, shapedLike } from '../media/pictures.js';
import { Uploads } from '../storage/uploads.js';
import { Admission } from '../tasks/admission.js';
import { refusals, unknownModel, validationError } from './errors.js';
import { models } from './models.js';
import { family } from './results.js';
import type { FluxRequest } from './wire.js';

const checks = new Map(Object.entries(models).map(([path, model]) => [path, checker(model.body)]));

/** A wider picture than 21:9, or a higher one than 9:21, is refused. */
const widest = 21 / 9;
const mostInputPixels = 20_000_000;

@Injectable()
export class FluxSubmits {
  constructor(
    @Inject(Admission) private readonly admission: Admission,
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  async submit(credential: string, path: string, http: FastifyRequest, body: unknown) {
    const model = models[path];
    if (!model) throw unknownModel;
    const issues = checks.get(path)?.(body) ?? [];
    if (issues.length > 0) throw validationError(issues);
    const request = body as FluxRequest;
    const size = await this.sizeOf(path, request);
    const { prompt, output_format: format, webhook_url: url } = request;
    const callback = url ? { url, secret: request.webhook_secret ?? undefined } : undefined;
    const task = await this.admission.accept(
      {
        id: randomUUID(),
        family,
        model: path,
        prompt,
        credential,
        seconds: model.seconds,
        origin: this.origins.of(http),
        outputs: [{ kind: 'image', format, ...size, text: prompt }],
        callback,
        details: { seed: request.seed ?? randomInt(2 ** 31) },
      },
      refusals,
    );
    const cost = { cost: model.cost, input_mp: 0, output_mp: Math.round((size.width * size.height) / 10_000) / 100 };
    if (callback) return { id: task.id, status: 'Pending', webhook_url: callback.url, ...cost };
    // Not the path that one would guess: clients have to use what they are given.
    return { id: task.id, polling_url: `${task.origin}/${family}/cluster-1/v1/get_result?id=${task.id}`, ...cost };
  }

  private async sizeOf(path: string, request: FluxRequest): Promise<{ width: number; height: number }> {
    const model = models[path] ?? unreachable();
    if (request.width && request.height) return { width: request.width, height: request.height };
    const image = request.image ?? request.input_image;
    const picture = image
      ? await inlinePicture(image, this.uploads).catch(() => {
          throw validationError([{ field: 'image', message: 'Invalid image', reason: 'value_error' }]);
        })
      : undefined;
    if (request.image && picture) {
      if (picture.width * picture.height > mostInputPixels) {
        throw validationError([
          { field: 'image', message: 'Image is larger than 20 megapixels', reason: 'value_error' },
        ]);
      }
      const { top = 0, bottom = 0, left = 0, right = 0 } = request;
      return { width: picture.width + left + right, height: picture.height + top + bottom };
    }
    const asked = request.aspect_ratio ? ratioOf(request.aspect_ratio) : undefined;
    if (request.aspect_ratio && (!asked || Math.max(asked.width / asked.height, asked.height / asked.width) > widest)) {
      throw validationError([
        { field: 'aspect_ratio', message: 'Aspect ratio must be between 21:9 and 9:21', reason: 'value_error' },
      ]);
    }
    const shape = asked ?? picture ?? ratioOf(model.ratio) ?? unreachable();
    return shapedLike(shape, model.pixels, 16);
  }
}

function unreachable(): never {
  throw new Error('a model without a shape');
}
