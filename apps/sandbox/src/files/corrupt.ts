import { createHash } from 'node:crypto';

/** Four kilobytes that no decoder takes for media, always the same. */
export const corruptBytes = Buffer.concat(
  Array.from({ length: 128 }, (_, index) => createHash('sha256').update(`corrupt ${index}`).digest()),
);
