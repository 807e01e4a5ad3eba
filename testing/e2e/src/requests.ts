/** One request of each content type, and of each kind of vendor protocol. */
export const video = (text: string) => ({
  type: 'VIDEO',
  provider: 'minimax',
  input: { text },
  options: { duration: 6 },
});
export const image = (text: string) => ({ type: 'IMAGE', provider: 'flux-dev', input: { text } });
export const audio = (text: string) => ({ type: 'AUDIO', provider: 'elevenlabs', input: { text } });
export const avatar = (text: string, face: string) => ({
  type: 'AVATAR',
  provider: 'hedra',
  input: { text, image: face },
});
