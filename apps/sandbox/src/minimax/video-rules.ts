import { videoModels } from './models.js';
import type { VideoRequest } from './wire.js';

/** What the vendor would find wrong with a request that has the right form; undefined when nothing. */
export function videoFault(request: VideoRequest): string | undefined {
  const model = videoModels[request.model];
  if (!model) return `model ${request.model} does not exist`;
  const seconds = model.resolutions[resolutionOf(request)];
  if (!seconds) return `resolution must be one of ${Object.keys(model.resolutions).join(', ')}`;
  if (!seconds.includes(request.duration)) return `duration must be one of ${seconds.join(', ')} at this resolution`;
  if (request.first_frame_image && !model.firstFrame) return 'this model takes no first_frame_image';
  if (request.last_frame_image && !model.lastFrame) return 'this model takes no last_frame_image';
  if (request.subject_reference && !model.subject) return 'this model takes no subject_reference';
  if (model.subject && !request.subject_reference) return 'subject_reference is required';
  if (!model.text && !model.subject && !request.first_frame_image) return 'first_frame_image is required';
  if (resolutionOf(request) === '512P' && (!request.first_frame_image || request.last_frame_image)) {
    return '512P needs a first_frame_image, and takes no last_frame_image';
  }
  const pictures = request.first_frame_image ?? request.last_frame_image ?? request.subject_reference;
  if (!request.prompt && !pictures) return 'prompt is required';
  return undefined;
}

export function resolutionOf({ model, resolution }: VideoRequest): string {
  return resolution ?? Object.keys(videoModels[model]?.resolutions ?? {})[0] ?? '';
}
