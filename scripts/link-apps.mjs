#!/usr/bin/env node
// Makes every app reachable as dist/apps/<app> from the root, which is where deployments start it. No part of an app's own build,
// whose outputs may come out of a cache.
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const links = join(root, 'dist', 'apps');
rmSync(links, { recursive: true, force: true });
mkdirSync(links, { recursive: true });
for (const app of readdirSync(join(root, 'apps'))) {
  symlinkSync(join('..', '..', 'apps', app, 'dist'), join(links, app), 'dir');
}
