import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whenParentDies } from '@doitong/local-servers';

export interface TemporaryFolder {
  path: string;
  remove(): Promise<void>;
}

/** An empty folder that is removed at the latest when this process has ended, even when it was interrupted or killed. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'doitong-test-'));
  // Any account may pass through and make its own folder: run by root, PostgreSQL is another user.
  await chmod(path, 0o1777);
  // Servers end with us, too; a second is ample for them to leave their files.
  const callOff = whenParentDies('sleep 1; rm -rf -- "$1"', path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      callOff();
    },
  };
}
