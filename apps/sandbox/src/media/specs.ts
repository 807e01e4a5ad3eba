/** How speech is encoded; `kbps` where the codec has a bit rate. */
export interface AudioEncoding {
  container: 'mp3' | 'ogg' | 'pcm' | 'wav' | 'ulaw' | 'alaw';
  sampleRate: number;
  kbps?: number;
}

/** A still with `text` drawn on it. */
export interface ImageSpec {
  kind: 'image';
  format: 'jpeg' | 'png' | 'webp';
  width: number;
  height: number;
  text: string;
}

/** A voice-like murmur that follows the characters of `text`. */
export interface SpeechSpec {
  kind: 'speech';
  text: string;
  /** Any string; one voice always sounds the same. */
  voice: string;
  seconds: number;
  encoding: AudioEncoding;
}

/** A moving picture. With `picture`, the path of an image file, that is its background; with `sound`, an audio file or a speech, it is heard. */
export interface VideoSpec {
  kind: 'video';
  width: number;
  height: number;
  seconds: number;
  fps: number;
  text: string;
  picture?: string;
  sound?: string | SpeechSpec;
}

/** All that decides the bytes of a file: equal specs make equal files. */
export type MediaSpec = ImageSpec | SpeechSpec | VideoSpec;

const imageTypes = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' };

/** Content types as the vendors send them; raw formats have no registered one of their own rate. */
const audioTypes = {
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  pcm: 'audio/pcm',
  wav: 'audio/wav',
  ulaw: 'audio/basic',
  alaw: 'audio/x-alaw-basic',
};

export function contentTypeOf(spec: MediaSpec): string {
  if (spec.kind === 'image') return imageTypes[spec.format];
  return spec.kind === 'speech' ? audioTypes[spec.encoding.container] : 'video/mp4';
}

export function extensionOf(spec: MediaSpec): string {
  if (spec.kind === 'image') return spec.format;
  return spec.kind === 'speech' ? spec.encoding.container : 'mp4';
}
