// Jest loads this outside its module loader, where TypeScript cannot be read: so this uses built code.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export default async function setup() {
  for (const project of ['libs/local-servers', 'testing/support']) {
    if (existsSync(join(root, project, 'dist'))) continue;
    execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), project]);
  }
  const { openTestServers } = await import('./dist/test-servers.js');
  await openTestServers();
}
