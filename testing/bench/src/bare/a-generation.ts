/** A completed generation as the gateway's resolvers give it. */
export const aGeneration = {
  id: 'gen_019aa0c8f5c07a4b9d5e3c2f1a0b9c8d',
  status: 'COMPLETED',
  type: 'IMAGE',
  provider: 'flux-dev',
  progress: 100,
  url: 'http://127.0.0.1:4000/assets/gen_019aa0c8f5c07a4b9d5e3c2f1a0b9c8d/file.jpg?expires=1763700000&signature=0123456789012345678901234567890123456789012',
  creditCost: 3,
  metadata: { width: 256, height: 256, format: 'jpeg', size: 10_000 },
  error: null,
};
