import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { faultsOf } from '../faults/faults.js';
import { corruptBytes } from '../files/corrupt.js';
import { Origins } from '../http/origins.js';
import { checker } from '../http/schema.js';
import { MediaStore } from '../media/media-store.js';
import { speakingSeconds } from '../media/speaking.js';
import { contentTypeOf, type SpeechSpec } from '../media/specs.js';
import { Admission } from '../tasks/admission.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { credentialOf } from './credential.js';
import {
  elevenlabsError,
  internal,
  invalidParameter,
  moderated,
  noVoice,
  refusals,
  tooLong,
  validationError,
} from './errors.js';
import { formats } from './formats.js';
import { models } from './models.js';
import { defaultSettings, voiceById } from './voices.js';
import { type SpeechQuery, SpeechRequest } from './wire.js';

export const family = 'elevenlabs';

const check = checker(SpeechRequest);

/** Of the Creator plan. */
const concurrency = 5;

/** What a task remembers for the history. */
export interface SpeechDetails extends Record<string, unknown> {
  voiceId: string;
  requestId: string;
  characterCost: number;
  isLogged: boolean;
  settings: Record<string, unknown>;
}

export interface Speech {
  task: Task;
  spec: SpeechSpec;
  audio: Buffer;
  headers: Record<string, string>;
}

@Injectable()
export class Speeches {
  private current = 0;

  constructor(
    @Inject(Admission) private readonly admission: Admission,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Origins) private readonly origins: Origins,
  ) {}

  /** Speaks, in the time that the vendor takes. The history has it from the moment that it is accepted. */
  async speak(http: FastifyRequest, voiceId: string, query: SpeechQuery, body: unknown): Promise<Speech> {
    const draft = this.draftOf(http, voiceId, query, body);
    const isOld = faultsOf(draft).has('old-errors');
    const task = await this.admission.accept(draft, refusals(isOld));
    this.current += 1;
    try {
      await this.admission.finish(task);
      const verdict = verdictOf(task);
      if (verdict === 'failed') throw elevenlabsError(internal, isOld);
      if (verdict !== 'succeeded') throw elevenlabsError(moderated, isOld);
      return { task, spec: specOf(task), audio: await this.audioOf(task), headers: this.headersOf(task) };
    } finally {
      this.current -= 1;
    }
  }

  async audioOf(task: Task): Promise<Buffer> {
    if (faultsOf(task).has('corrupt-file')) return corruptBytes;
    return readFile((await this.media.file(specOf(task))).path);
  }

  private draftOf(http: FastifyRequest, voiceId: string, query: SpeechQuery, body: unknown) {
    const credential = credentialOf(http);
    const issues = check(body);
    if (issues.length > 0) throw validationError(issues);
    const request = body as SpeechRequest;
    const isOld = faultsOf({ family: 'elevenlabs', prompt: request.text }).has('old-errors');
    const model = models[request.model_id];
    const encoding = formats[query.output_format ?? 'mp3_44100_128'];
    if (!voiceById(voiceId)) throw elevenlabsError(noVoice, isOld);
    if (!model) throw elevenlabsError(invalidParameter('model_id', 'A model with that id does not exist.'), isOld);
    if (!encoding)
      throw elevenlabsError(invalidParameter('output_format', 'This output format does not exist.'), isOld);
    if ([...request.text].length > model.maxCharacters) throw elevenlabsError(tooLong, isOld);
    const settings = { ...defaultSettings, ...request.voice_settings };
    const seconds = speakingSeconds(request.text, Number(settings.speed ?? 1));
    const output: SpeechSpec = { kind: 'speech', text: request.text, voice: voiceId, seconds, encoding };
    const details: SpeechDetails = {
      voiceId,
      requestId: randomUUID().replaceAll('-', ''),
      characterCost: Math.ceil([...request.text].length * model.costFactor),
      isLogged: query.enable_logging !== 'false',
      settings,
    };
    return {
      id: randomBytes(15).toString('base64url'),
      family,
      model: request.model_id,
      prompt: request.text,
      credential,
      seconds: 0.3 + seconds / 10,
      origin: this.origins.of(http),
      outputs: [output],
      details,
    };
  }

  private headersOf(task: Task): Record<string, string> {
    const { requestId, characterCost, isLogged } = task.details as SpeechDetails;
    return {
      'content-type': contentTypeOf(specOf(task)),
      'request-id': requestId,
      'character-cost': String(characterCost),
      'current-concurrent-requests': String(this.current),
      'maximum-concurrent-requests': String(concurrency),
      ...(isLogged ? { 'history-item-id': task.id } : {}),
    };
  }
}

export const specOf = (task: Task) => task.outputs[0] as SpeechSpec;
