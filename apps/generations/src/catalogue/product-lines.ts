import type { ProviderManifest } from '@doitong/contracts';

/**
 * Product lines that the product offers, whether or not a family serves them yet: naming one that nobody has announced is
 * PROVIDER_UNAVAILABLE, where an unknown name is INVALID_INPUT. The family that announces a line takes its entry's place;
 * the entry is then not looked at any more, and may go.
 */
export const productLines: Pick<ProviderManifest, 'id' | 'aliases' | 'type'>[] = [
  { id: 'kling', aliases: ['kuaishou'], type: 'VIDEO' },
  { id: 'runway', aliases: ['runwayml'], type: 'VIDEO' },
  { id: 'luma', aliases: ['dream-machine'], type: 'VIDEO' },
  { id: 'veo', aliases: ['google-veo'], type: 'VIDEO' },
  { id: 'wan', aliases: ['alibaba-wan'], type: 'VIDEO' },
  { id: 'seedance', aliases: ['bytedance-seedance'], type: 'VIDEO' },
  { id: 'vidu', aliases: [], type: 'VIDEO' },
  { id: 'runway-image', aliases: [], type: 'IMAGE' },
  { id: 'luma-image', aliases: ['photon'], type: 'IMAGE' },
  { id: 'imagen', aliases: ['google-imagen'], type: 'IMAGE' },
  { id: 'seedream', aliases: ['bytedance-seedream'], type: 'IMAGE' },
  { id: 'krea', aliases: [], type: 'IMAGE' },
  { id: 'flux-krea', aliases: [], type: 'IMAGE' },
  { id: 'stability', aliases: ['stable-image'], type: 'IMAGE' },
  { id: 'stable-diffusion', aliases: ['sd-webui'], type: 'IMAGE' },
  { id: 'minimax-speech', aliases: [], type: 'AUDIO' },
  { id: 'google-tts', aliases: [], type: 'AUDIO' },
  { id: 'heygen', aliases: [], type: 'AVATAR' },
];
