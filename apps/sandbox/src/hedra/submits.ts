import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Origins } from '../http/origins.js';
import { fingerprint, headerOf } from '../http/request.js';
import { checker } from '../http/schema.js';
import { speakingSeconds } from '../media/speaking.js';
import type { MediaSpec } from '../media/specs.js';
import { Admission } from '../tasks/admission.js';
import type { Task } from '../tasks/task.js';
import { invalidArgument, invalidBody, keyTaken, notFound, refusals } from './errors.js';
import { HedraFiles } from './files.js';
import { family, HedraJobs } from './jobs.js';
import { AvatarRequest, models, pixelsOf, SpeechRequest, voices } from './models.js';

const fps = 25;
const shortestSeconds = 0.5;
const longestSeconds = 600;
/** No list of prices is published: these are the sandbox's own. */
const usdPerSecond = 0.05;
const usdPerCharacter = 0.0001;

type Input = AvatarRequest['input'] | SpeechRequest['input'];

const checkAvatar = checker(AvatarRequest);
const checkSpeech = checker(SpeechRequest);

interface Work {
  /** Seconds that the vendor takes. */
  seconds: number;
  cost: number;
  output: MediaSpec;
}

@Injectable()
export class HedraSubmits {
  constructor(
    @Inject(Admission) private readonly admission: Admission,
    @Inject(HedraFiles) private readonly files: HedraFiles,
    @Inject(HedraJobs) private readonly jobs: HedraJobs,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  /** The ack; a repeat of an idempotency key gets the first one again. */
  async submit(credential: string, model: string, http: FastifyRequest, body: unknown) {
    const { input, webhook } = this.checked(model, body);
    const prompt = 'text' in input ? input.text : input.prompt;
    const idempotencyKey = headerOf(http, 'idempotency-key');
    const asked = fingerprint(JSON.stringify([model, input, webhook]));
    const first = await this.admission.repeated({ family, credential, prompt, idempotencyKey });
    if (first) return this.ackOf(first, asked);
    const { seconds, cost, output } = await this.workOf(input, credential);
    const task = await this.admission.accept(
      {
        id: `job_${randomUUID()}`,
        family,
        model,
        prompt,
        credential,
        seconds,
        origin: this.origins.of(http),
        outputs: [output],
        idempotencyKey,
        callback: webhook ? { url: webhook } : undefined,
        details: { cost, asked },
      },
      refusals(),
    );
    return this.ackOf(task, asked);
  }

  /** What a submit of the same body would cost. */
  async estimate(credential: string, model: string, body: unknown) {
    const { cost } = await this.workOf(this.checked(model, body).input, credential);
    return { model, cost, currency: 'USD' };
  }

  private checked(model: string, body: unknown): AvatarRequest | SpeechRequest {
    const kind = models[model]?.kind;
    if (!kind) throw notFound('model');
    const issues = kind === 'avatar' ? checkAvatar(body) : checkSpeech(body);
    if (issues.length > 0) throw invalidBody(issues);
    return body as AvatarRequest | SpeechRequest;
  }

  private async workOf(input: Input, credential: string): Promise<Work> {
    return 'text' in input ? speaking(input) : this.filming(input, credential);
  }

  private ackOf(task: Task, asked: string) {
    if (task.details.asked !== asked) throw keyTaken();
    return {
      job_id: task.id,
      model: task.model,
      status: 'IN_QUEUE',
      status_url: `/${family}/v3/jobs/${task.id}/status`,
      result_url: `/${family}/v3/jobs/${task.id}`,
      estimated_completion_at: this.jobs.estimate(task),
    };
  }

  private async filming(input: AvatarRequest['input'], credential: string): Promise<Work> {
    const picture = await this.files.image(input.start_image, credential);
    const sounds = await Promise.all([input.audio].flat().map((audio) => this.files.sound(audio, credential)));
    const first = sounds[0];
    if (!first || sounds.some(({ seconds }) => seconds < shortestSeconds || seconds > longestSeconds)) {
      throw invalidArgument('input.audio', 'audio must be 0.5 to 600 seconds long', 'duration');
    }
    const seconds = input.duration_ms ? input.duration_ms / 1000 : first.seconds;
    const size = pixelsOf(input.aspect_ratio, input.resolution);
    return {
      seconds: 20 + 4 * seconds,
      cost: Math.round(seconds * usdPerSecond * 10_000) / 10_000,
      output: { kind: 'video', ...size, seconds, fps, text: input.prompt, picture, sound: first.source },
    };
  }
}

function speaking({ text, voice_id, speed }: SpeechRequest['input']): Work {
  if (!voices.some(({ id }) => id === voice_id)) throw invalidArgument('input.voice_id', 'unknown voice', 'not_found');
  const seconds = speakingSeconds(text, speed);
  return {
    seconds: 2 + seconds / 10,
    cost: Math.round(text.length * usdPerCharacter * 10_000) / 10_000,
    output: {
      kind: 'speech',
      text,
      voice: voice_id,
      seconds,
      encoding: { container: 'mp3', sampleRate: 44_100, kbps: 128 },
    },
  };
}
