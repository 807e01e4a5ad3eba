import {
  type ProviderAdapter,
  type Submission,
  type VendorContext,
  VendorError,
  VendorHttp,
  type VendorRequest,
  wireOf,
} from '../kit/index.js';
import { providers } from './models.js';
import { FileAnswer, finishedFile, ImageAnswer, imageUrl, QueryAnswer, refusalOf, SubmitAnswer } from './wire.js';

interface Options {
  duration: number;
  resolution: string;
  camera?: string;
  style?: string;
  promptOptimizer: boolean;
  aspectRatio: string;
  seed?: number;
}

const connect = (vendor: VendorContext) =>
  new VendorHttp(vendor, { auth: { authorization: `Bearer ${vendor.credential}` }, refusal: refusalOf });

export const adapter: ProviderAdapter = {
  async submit(request, vendor) {
    const { api, model } = wireOf(providers, request);
    return api === 'video' ? submitVideo(model, request, vendor) : makeImage(model, request, vendor);
  },

  async poll(task, vendor) {
    const http = connect(vendor);
    const query = { task_id: task.id };
    const file = finishedFile(
      await http.json(QueryAnswer, { method: 'GET', path: '/v1/query/video_generation', query }),
    );
    if (!file) return { status: 'running' };
    const found = await http.json(FileAnswer, { method: 'GET', path: '/v1/files/retrieve', query: { file_id: file } });
    return { status: 'succeeded', output: { source: { url: found.file.download_url } } };
  },

  parseCallback(body) {
    const { challenge } = (body ?? {}) as { challenge?: unknown };
    return typeof challenge === 'string' ? { kind: 'challenge', reply: { challenge } } : { kind: 'hint' };
  },
};

async function submitVideo(model: string, request: VendorRequest, vendor: VendorContext): Promise<Submission> {
  const options = request.options as unknown as Options;
  const answer = await connect(vendor).json(SubmitAnswer, {
    method: 'POST',
    path: '/v1/video_generation',
    json: {
      model,
      prompt: prompt(request),
      first_frame_image: request.input.image,
      prompt_optimizer: options.promptOptimizer,
      duration: options.duration,
      resolution: options.resolution.toUpperCase(),
      callback_url: vendor.callbackUrl,
    },
  });
  if (!answer.task_id) throw new VendorError('submission-unknown', 'submit succeeded without a task id');
  return { kind: 'task', task: { id: String(answer.task_id), state: {} } };
}

async function makeImage(model: string, request: VendorRequest, vendor: VendorContext): Promise<Submission> {
  const options = request.options as unknown as Options;
  const { image } = request.input;
  const answer = await connect(vendor).json(ImageAnswer, {
    method: 'POST',
    path: '/v1/image_generation',
    timeoutMs: 120_000,
    json: {
      model,
      prompt: prompt(request),
      aspect_ratio: options.aspectRatio,
      response_format: 'url',
      n: 1,
      seed: options.seed,
      prompt_optimizer: options.promptOptimizer,
      subject_reference: image && [{ type: 'character', image_file: image }],
    },
  });
  return { kind: 'output', output: { source: { url: imageUrl(answer) } } };
}

/** The text with our `style` and `camera`, for which the vendor has no fields. Camera moves go in brackets, each word capital. */
function prompt({ input, options }: VendorRequest): string | undefined {
  const { style, camera } = options as unknown as Options;
  const move = camera && `[${camera[0]?.toUpperCase()}${camera.slice(1)}]`;
  const parts = [input.text, style && `Style: ${style}.`, move].filter(Boolean);
  return parts.length > 0 ? parts.join(' ') : undefined;
}
