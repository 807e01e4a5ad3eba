import { type ProviderAdapter, type VendorContext, VendorHttp, type VendorRequest, wireOf } from '../kit/index.js';
import { type FluxWire, pixels, providers, stepsOfQuality } from './models.js';
import { costMicroUsd, pollingUrl, ResultAnswer, refusalOf, SubmitAnswer, sampleOf } from './wire.js';

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
}

const connect = (vendor: VendorContext) =>
  new VendorHttp(vendor, { auth: { 'x-key': vendor.credential }, refusal: refusalOf });

export const adapter: ProviderAdapter = {
  /** Never with `webhook_url`: the answer would then lack `polling_url`, without which the task may be out of reach. */
  async submit(request, vendor) {
    const wire = wireOf(providers, request);
    const answer = await connect(vendor).json(SubmitAnswer, {
      method: 'POST',
      path: `/v1/${wire.path}`,
      json: { ...body(wire, request), ...(await inputImage(wire, request, vendor)) },
    });
    const state: State = { pollingUrl: answer.polling_url, costMicroUsd: costMicroUsd(answer) };
    return { kind: 'task', task: { id: String(answer.id), state: { ...state } } };
  },

  async poll(task, vendor) {
    const state = task.state as unknown as State;
    const path = pollingUrl(state.pollingUrl, task.id, vendor.baseUrl);
    const sample = sampleOf(await connect(vendor).json(ResultAnswer, { method: 'GET', path }));
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
  const { bytes } = await vendor.readInput('image');
  return { image_prompt: bytes.toString('base64'), image_prompt_strength: options.imagePromptStrength };
}
