import type { VendorTask } from '@doitong/contracts';
import {
  type PollResult,
  type ProviderAdapter,
  type Submission,
  type VendorContext,
  VendorHttp,
  type VendorRequest,
} from '../kit/index.js';
import { type Filming, type Prepared, type Speaking, stepOf, taskOf } from './chain.js';
import { prepare, speechModel } from './preparation.js';
import { costMicroUsd, finishedOutput, JobAnswer, present, refusalOf, SubmitAnswer } from './wire.js';

/** A speech job takes seconds, unlike the avatar's. */
const speechMs = 3_000;

const connect = (vendor: VendorContext) =>
  new VendorHttp(vendor, { auth: { authorization: `Key ${vendor.credential}` }, refusal: refusalOf });

export const adapter: ProviderAdapter = {
  submit,

  /** Nothing that a submit does is charged, and its uploads have keys: it may be made again. */
  lookup: submit,

  pollStarts: (task) => stepOf(task).step !== 'filming',

  async poll(task, vendor) {
    const step = stepOf(task);
    switch (step.step) {
      case 'prepared':
        return 'speech' in step.sound
          ? speak(step, step.sound.speech, vendor)
          : film(step, { source: 'url', url: step.sound.url }, {}, vendor);
      case 'speaking':
        return whenSpoken(task, step, vendor);
      case 'filming':
        return whenFilmed(task, step, vendor);
    }
  },

  parseCallback: () => ({ kind: 'hint' }),
};

async function submit(request: VendorRequest, vendor: VendorContext): Promise<Submission> {
  const prepared = await prepare(request, vendor, connect(vendor));
  return { kind: 'task', task: taskOf(request.attemptId, prepared), pollInMs: 0 };
}

async function speak(step: Prepared, input: Record<string, unknown>, vendor: VendorContext): Promise<PollResult> {
  const id = await startJob(speechModel, input, `${step.attemptId}-speech`, vendor);
  const { attemptId, model } = step;
  const speaking: Speaking = { step: 'speaking', attemptId, model, film: step.film };
  return { status: 'running', task: taskOf(id, speaking), pollInMs: speechMs };
}

async function whenSpoken(task: VendorTask, step: Speaking, vendor: VendorContext): Promise<PollResult> {
  const job = await readJob(task, vendor);
  const speech = finishedOutput(job);
  if (!speech) return { status: 'running' };
  const audio = { source: 'asset', asset_id: present(speech.asset_id) };
  return film(step, audio, { speechCostMicroUsd: costMicroUsd(job) }, vendor);
}

async function film(
  step: Prepared | Speaking,
  audio: Record<string, unknown>,
  spent: Omit<Filming, 'step'>,
  vendor: VendorContext,
): Promise<PollResult> {
  const id = await startJob(step.model, { ...step.film, audio }, step.attemptId, vendor);
  return { status: 'running', task: taskOf(id, { step: 'filming', ...spent }) };
}

async function whenFilmed(task: VendorTask, step: Filming, vendor: VendorContext): Promise<PollResult> {
  const job = await readJob(task, vendor);
  const video = finishedOutput(job, step.speechCostMicroUsd);
  if (!video) return { status: 'running' };
  const cost = costMicroUsd(job, step.speechCostMicroUsd);
  return { status: 'succeeded', output: { source: { url: present(video.url) }, costMicroUsd: cost } };
}

/** The key makes a repeat harmless, so a lost answer is `unavailable`: ask again. */
async function startJob(model: string, input: Record<string, unknown>, key: string, vendor: VendorContext) {
  const answer = await connect(vendor).json(SubmitAnswer, {
    method: 'POST',
    path: `/v3/models/${model}`,
    idempotencyKey: key,
    json: { input, webhook: vendor.callbackUrl },
  });
  return String(answer.job_id);
}

function readJob(task: VendorTask, vendor: VendorContext) {
  return connect(vendor).json(JobAnswer, { method: 'GET', path: `/v3/jobs/${encodeURIComponent(task.id)}` });
}
