/** What the demo asks for: one generation of each type. */
export const inputs = {
  VIDEO: {
    type: 'VIDEO',
    provider: 'minimax',
    input: { text: 'A serene mountain landscape at sunset' },
    options: { duration: 6, resolution: '768p' },
  },
  IMAGE: { type: 'IMAGE', input: { text: 'Portrait of a friendly guide, looking at the camera' }, priority: 'QUALITY' },
  AUDIO: {
    type: 'AUDIO',
    provider: 'elevenlabs',
    input: { text: 'Welcome to the future of artificial intelligence' },
    options: { voice: 'rachel', emotion: 'excited' },
  },
  AVATAR: (image: string) => ({
    type: 'AVATAR',
    provider: 'hedra',
    input: { text: "Hello, I'm your guide to one API for all media models.", image },
  }),
};
