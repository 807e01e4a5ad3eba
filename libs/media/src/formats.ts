type MediaKind = 'VIDEO' | 'IMAGE' | 'AUDIO';

/**
 * Every format that we store, and how it is told: `contentType` on the wire, `extension` in an asset's key. An extension
 * names one content type, so a key alone says what it holds. `pcm` (16-bit little-endian), `ulaw` and `alaw` are raw.
 */
export const mediaFormats = {
  mp4: { kind: 'VIDEO', contentType: 'video/mp4', extension: 'mp4' },
  mov: { kind: 'VIDEO', contentType: 'video/quicktime', extension: 'mov' },
  webm: { kind: 'VIDEO', contentType: 'video/webm', extension: 'webm' },
  png: { kind: 'IMAGE', contentType: 'image/png', extension: 'png' },
  jpeg: { kind: 'IMAGE', contentType: 'image/jpeg', extension: 'jpg' },
  webp: { kind: 'IMAGE', contentType: 'image/webp', extension: 'webp' },
  mp3: { kind: 'AUDIO', contentType: 'audio/mpeg', extension: 'mp3' },
  wav: { kind: 'AUDIO', contentType: 'audio/wav', extension: 'wav' },
  opus: { kind: 'AUDIO', contentType: 'audio/ogg', extension: 'opus' },
  ogg: { kind: 'AUDIO', contentType: 'audio/ogg', extension: 'ogg' },
  m4a: { kind: 'AUDIO', contentType: 'audio/mp4', extension: 'm4a' },
  weba: { kind: 'AUDIO', contentType: 'audio/webm', extension: 'weba' },
  pcm: { kind: 'AUDIO', contentType: 'audio/pcm', extension: 'pcm' },
  ulaw: { kind: 'AUDIO', contentType: 'audio/PCMU', extension: 'ulaw' },
  alaw: { kind: 'AUDIO', contentType: 'audio/PCMA', extension: 'alaw' },
} as const satisfies Record<string, { kind: MediaKind; contentType: string; extension: string }>;

export type MediaFormat = keyof typeof mediaFormats;

const contentTypes = new Map<string, string>(
  Object.values(mediaFormats).map(({ extension, contentType }) => [extension, contentType]),
);

/** Undefined for an extension that names none of our formats. */
export function contentTypeOfExtension(extension: string): string | undefined {
  return contentTypes.get(extension);
}
