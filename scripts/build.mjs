#!/usr/bin/env node
// Emits one project, `build.mjs libs/media`: every source file of its src to its dist, with swc. `npm run typecheck` checks the types.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const project = join(root, process.argv[2]);
const source = join(project, 'src');
const target = join(project, 'dist');
const staging = mkdtempSync(join(project, '.build-'));
chmodSync(staging, 0o755);

const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter(
    (entry) =>
      entry.isFile() &&
      entry.name.endsWith('.ts') &&
      !entry.name.endsWith('.spec.ts') &&
      !entry.parentPath.includes('__fixtures__'),
  )
  .map((entry) => join(entry.parentPath, entry.name));
await Promise.all(
  files.map(async (file) => {
    const { code, map } = await transformFile(file, { configFile: join(root, '.swcrc'), cwd: root });
    const emitted = join(staging, relative(source, file)).replace(/\.ts$/, '.js');
    mkdirSync(dirname(emitted), { recursive: true });
    writeFileSync(emitted, `${code}\n//# sourceMappingURL=${basename(emitted)}.map\n`);
    writeFileSync(`${emitted}.map`, map);
  }),
);

// Whole or not at all: what runs from ./dist meanwhile must not miss a file.
rmSync(target, { recursive: true, force: true });
renameSync(staging, target);
