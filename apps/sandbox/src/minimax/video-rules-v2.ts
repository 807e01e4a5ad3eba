import type { VideoV2Request } from './wire.js';

/** What V2 would find wrong with a request that has the right form; undefined when nothing. */
export function videoV2Fault({ content, ratio }: VideoV2Request): string | undefined {
  const count = (role: string) => content.filter((item) => roleOf(item) === role).length;
  const frames = count('first_frame') + count('last_frame');
  const references = count('reference_image') + count('reference_video');
  if (!content.some((item) => item.type === 'text' && item.text.trim())) return 'content needs a text';
  if (count('first_frame') > 1 || count('last_frame') > 1) return 'content takes one first and one last frame';
  if (count('last_frame') > count('first_frame')) return 'a last_frame needs a first_frame';
  if (count('reference_image') > 9 || count('reference_video') > 3 || count('reference_audio') > 3) {
    return 'content takes 9 reference images, 3 videos and 3 audios';
  }
  if (frames > 0 && references + count('reference_audio') > 0) return 'frames and references exclude each other';
  if (count('reference_audio') > 0 && references === 0) return 'a reference_audio needs an image or a video';
  if (frames + references === 0 && ratio === 'adaptive')
    return 'ratio must not be adaptive without frames or references';
  return undefined;
}

/** An image without a role is the first frame. */
export function roleOf(item: VideoV2Request['content'][number]): string | undefined {
  return item.type === 'text' ? undefined : (item.role ?? 'first_frame');
}
