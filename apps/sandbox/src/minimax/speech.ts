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
import { speakingSeconds } from '../media/speaking.js';
import type { SpeechSpec } from '../media/specs.js';
import { Admission } from '../tasks/admission.js';
import { verdictOf } from '../tasks/task.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { baseResp, invalidParams, minimaxError, refusals } from './errors.js';
import { family } from './videos.js';
import { SpeechRequest } from './wire.js';

const urlLifeMs = 24 * 3_600_000;
const check = checker(SpeechRequest);

@Injectable()
export class MinimaxSpeech {
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
    const request = body as SpeechRequest;
    const spec = specOf(request);
    const task = await this.admission.accept(
      {
        id: randomUUID().replaceAll('-', ''),
        family,
        model: request.model,
        prompt: request.text,
        credential,
        seconds: 2 + spec.seconds / 10,
        origin: this.origins.of(http),
        outputs: [spec],
        details: {},
      },
      refusals,
    );
    await this.admission.finish(task);
    if (verdictOf(task) === 'failed') throw minimaxError(baseResp.internal);
    if (verdictOf(task) === 'output-moderated') throw minimaxError(baseResp.outputBlocked);
    const file = await this.media.file(spec);
    const isUrl = request.output_format === 'url';
    const bytes = faultsOf(task).has('corrupt-file') ? corruptBytes : isUrl ? undefined : await readFile(file.path);
    const name = `audio.${spec.encoding.container}`;
    return {
      data: {
        audio: isUrl ? this.links.to(task, 0, name, this.clock.now() + urlLifeMs) : bytes?.toString('hex'),
        status: 2,
      },
      extra_info: {
        audio_length: Math.round(spec.seconds * 1000),
        audio_sample_rate: spec.encoding.sampleRate,
        audio_size: file.bytes,
        bitrate: (spec.encoding.kbps ?? 0) * 1000,
        word_count: request.text.trim().split(/\s+/).length,
        usage_characters: request.text.length,
      },
      trace_id: task.id,
      base_resp: baseResp.success,
    };
  }
}

function specOf({ text, voice_setting: voice = {}, audio_setting: audio = {} }: SpeechRequest): SpeechSpec {
  const container = audio.format ?? 'mp3';
  return {
    kind: 'speech',
    text,
    voice: voice.voice_id ?? 'default',
    seconds: speakingSeconds(text, voice.speed),
    encoding: {
      container,
      sampleRate: audio.sample_rate ?? 32_000,
      ...(container === 'mp3' ? { kbps: (audio.bitrate ?? 128_000) / 1000 } : {}),
    },
  };
}
