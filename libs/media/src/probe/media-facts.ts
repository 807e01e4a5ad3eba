import type { MediaFormat } from '../formats.js';

/** What a file is. */
export interface MediaFacts {
  kind: 'VIDEO' | 'IMAGE' | 'AUDIO';
  format: MediaFormat;
  contentType: string;
  bytes: number;
  /** Pixels, as shown: after rotation and pixel aspect ratio. */
  width?: number;
  height?: number;
  durationSeconds?: number;
}
