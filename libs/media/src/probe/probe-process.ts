import { InvalidMediaError } from './invalid-media-error.js';
import { readMedia } from './read-media.js';
import type { ReadAnswer, ReadJob } from './reader-process.js';

// What `ReaderProcess` starts: reads one file after the other.

async function outcomeOf({ path, hint }: ReadJob): Promise<Pick<ReadAnswer, 'facts' | 'invalid' | 'error'>> {
  try {
    return { facts: await readMedia(path, hint) };
  } catch (error) {
    if (error instanceof InvalidMediaError) return { invalid: error.message };
    const { message } = error as Error;
    // The operating system's refusals say nothing of the file. All else is a reader that did not cope with it.
    return 'syscall' in (error as Error) ? { error: message } : { invalid: `The file is corrupt: ${message}` };
  }
}

process.on('message', async (job: ReadJob) => {
  const outcome = await outcomeOf(job);
  const { user, system } = process.cpuUsage();
  process.send?.({ ...outcome, cpuSeconds: (user + system) / 1e6 } satisfies ReadAnswer);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
