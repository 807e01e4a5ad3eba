import {
  type ProviderAdapter,
  type VendorContext,
  VendorError,
  VendorHttp,
  type VendorRequest,
  wireOf,
} from '../kit/index.js';
import { type FluxWire, pixels, providers, stepsOfQuality } from './models.js';
import { costMicroUsd, isUnknownTask, pollingUrl, ResultAnswer, SubmitAnswer, sampleOf } from './wire.js';

interface Options {
  aspectRatio?: string;
  width?: number;
  height?: number;
  quality?: string;
  steps?: number;
  guidance?: number;
  raw?: boolean;
  imagePromptStrength?: number;
  seed?: number;
  promptUpsampling: boolean;
  safetyTolerance: number;
  outputFormat: string;
}

/** Kept with the task. */
interface State {
  pollingUrl?: string;
  costMicroUsd?: number;
  submittedAt: number;
}

/** For so long after a submit, a task that the vendor does not know may only not have got about yet. */
const graceMs = 15_000;

const connect = (vendor: VendorContext) => new VendorHttp(vendor, { auth: { 'x-key': vendor.credential } });

export const adapter: ProviderAdapter = {
  /** Never with `webhook_url`: the answer would then lack `polling_url`, without which the task may be out of reach. */
  async submit(request, vendor) {
    const wire = wireOf(providers, request);
    const answer = await connect(vendor).json(SubmitAnswer, {
      method: 'POST',
      path: `/v1/${wire.path}`,
      submits: true,
      json: { ...body(wire, request), ...(await inputImage(wire, request, vendor)) },
    });
    const state: State = {
      pollingUrl: answer.polling_url ?? undefined,
      costMicroUsd: costMicroUsd(answer),
      submittedAt: Date.now(),
    };
    return { kind: 'task', task: { id: answer.id, state: { ...state } } };
  },

  async poll(task, vendor) {
    const state = task.state as unknown as State;
    const isNew = Date.now() - state.submittedAt < graceMs;
    const path = pollingUrl(state.pollingUrl, task.id, vendor.baseUrl);
    const answer = await connect(vendor)
      .json(ResultAnswer, { method: 'GET', path })
      .catch((error) => {
        if (isNew && error instanceof VendorError && error.kind === 'failed') return undefined;
        throw error;
      });
    if (!answer || (isNew && isUnknownTask(answer))) return { status: 'running' };
    const sample = sampleOf(answer);
    if (!sample) return { status: 'running' };
    return { status: 'succeeded', output: { source: { url: sample }, costMicroUsd: state.costMicroUsd } };
  },
};

function body(wire: FluxWire, { input, options: given }: VendorRequest) {
  const options = given as unknown as Options;
  const [width, height] = options.width ? [options.width, options.height] : (pixels[options.aspectRatio ?? ''] ?? []);
  return {
    prompt: input.text,
    ...(wire.size === 'pixels' ? { width, height } : { aspect_ratio: options.aspectRatio }),
    steps: options.steps ?? stepsOfQuality[options.quality ?? ''],
    guidance: options.guidance,
    raw: options.raw,
    seed: options.seed,
    prompt_upsampling: options.promptUpsampling,
    safety_tolerance: options.safetyTolerance,
    output_format: options.outputFormat,
  };
}

async function inputImage(wire: FluxWire, { input, options }: VendorRequest, vendor: VendorContext) {
  if (!input.image) return {};
  if (wire.image === 'url-input') return { input_image: input.image };
  const { bytes } = await vendor.readInput(input.image);
  return { image_prompt: bytes.toString('base64'), image_prompt_strength: options.imagePromptStrength };
}
