import { probeFile, renderFile } from './av/render.js';
import type { RenderAnswer, RenderJob } from './renderer.js';

async function answer({ id, spec, path }: RenderJob): Promise<RenderAnswer> {
  try {
    if (!spec) return { id, probed: await probeFile(path) };
    await renderFile(spec, path);
    return { id };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

process.on('message', async (job) => process.send?.(await answer(job as RenderJob)));
// The sandbox is gone or done with it; whatever Ctrl-C reaches it, the sandbox decides.
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);
