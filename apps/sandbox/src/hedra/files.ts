import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Origins } from '../http/origins.js';
import { headerOf } from '../http/request.js';
import type { Renderer } from '../media/renderer.js';
import type { SpeechSpec } from '../media/specs.js';
import { type Upload, Uploads } from '../storage/uploads.js';
import { verdictOf } from '../tasks/task.js';
import { TaskStore } from '../tasks/task-store.js';
import { Timeline } from '../tasks/timeline.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { RENDERER } from '../tokens.js';
import { invalidArgument, keyTaken } from './errors.js';
import { family } from './jobs.js';
import type { Reference } from './models.js';

const handleLifeMs = 3_600_000;
const mostImageBytes = 10_485_760;
/** The sandbox's own limit: a small file may unpack to gigabytes. */
const mostImagePixels = 50_000_000;
const mostAudioBytes = 104_857_600;

export interface Sound {
  source: string | SpeechSpec;
  seconds: number;
}

/** Uploads and what inputs refer to: a handle of an upload, or the asset of an earlier job. */
@Injectable()
export class HedraFiles {
  constructor(
    @Inject(Uploads) private readonly uploads: Uploads,
    @Inject(RENDERER) private readonly renderer: Renderer,
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(Timeline) private readonly timeline: Timeline,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  async upload(credential: string, http: FastifyRequest, body: unknown) {
    const file = body instanceof FormData ? body.get('file') : null;
    if (!(file instanceof Blob)) throw invalidArgument('file', 'file is required', 'required');
    const bytes = new Uint8Array(await file.arrayBuffer());
    const path = await this.uploads.store(bytes);
    const createdMs = this.clock.now();
    const contentType = file.type || 'application/octet-stream';
    const probed = await this.renderer.probe(path);
    const upload = await this.uploads.register(
      { path, contentType, bytes: bytes.length, credential, createdMs, ...probed },
      headerOf(http, 'idempotency-key'),
    );
    // The path tells the bytes.
    if (upload.path !== path || upload.contentType !== contentType) throw keyTaken();
    return {
      url: `${this.origins.of(http)}/${family}/handles/${upload.id}`,
      content_type: upload.contentType,
      expires_at: new Date(upload.createdMs + handleLifeMs).toISOString(),
    };
  }

  /** Path of the portrait. */
  async image(reference: Reference, credential: string): Promise<string> {
    const field = 'input.start_image';
    if (reference.source === 'asset') throw invalidArgument(field, 'the asset is not an image', 'type');
    const upload = await this.find(reference.url, field, credential);
    if (!upload.width || upload.audioSeconds) throw invalidArgument(field, 'the file is not an image', 'type');
    if (upload.width * (upload.height ?? 0) > mostImagePixels) {
      throw invalidArgument(field, 'the image has too many pixels', 'size');
    }
    if (upload.bytes > mostImageBytes) throw invalidArgument(field, 'the image is larger than 10 MB', 'size');
    return upload.path;
  }

  async sound(reference: Reference, credential: string): Promise<Sound> {
    const field = 'input.audio';
    if (reference.source === 'asset') return this.assetSound(reference.asset_id, credential);
    const upload = await this.find(reference.url, field, credential);
    const seconds = upload.audioSeconds;
    if (!seconds) throw invalidArgument(field, 'the file is not audio', 'type');
    if (upload.bytes > mostAudioBytes) throw invalidArgument(field, 'the audio is larger than 100 MB', 'size');
    return { source: upload.path, seconds };
  }

  private assetSound(assetId: string, credential: string): Sound {
    const task = this.tasks.find(family, assetId.replace(/^asset_/, 'job_'));
    const output = task?.outputs[0];
    const isThere = task?.credential === credential && this.timeline.progress(task) === 1;
    if (!isThere || output?.kind !== 'speech' || verdictOf(task) !== 'succeeded') {
      throw invalidArgument('input.audio', 'the asset does not exist', 'not_found');
    }
    return { source: output, seconds: output.seconds };
  }

  private async find(handle: string, field: string, credential: string): Promise<Upload> {
    const [, id] = /\/hedra\/handles\/([0-9a-f-]{36})$/.exec(handle) ?? [];
    const upload = id ? await this.uploads.find(id) : undefined;
    if (upload?.credential !== credential || !upload) {
      throw invalidArgument(field, 'the url is not a handle from POST /files', 'not_found');
    }
    if (this.clock.now() > upload.createdMs + handleLifeMs) {
      throw invalidArgument(field, 'the file handle has expired', 'expired');
    }
    return upload;
  }
}
