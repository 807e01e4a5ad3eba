// Jest loads this outside its module loader, where TypeScript cannot be read: so this uses built code.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export default async function setup() {
  for (const project of ['../../libs/local-servers/', './']) {
    const folder = new URL(project, import.meta.url);
    if (existsSync(new URL('dist/', folder))) continue;
    execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))], {
      cwd: folder,
    });
  }
  const { openTestServers } = await import('./dist/test-servers.js');
  await openTestServers();
}
