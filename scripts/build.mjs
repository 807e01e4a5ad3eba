#!/usr/bin/env node
// Emits one project, every source file of ./src to ./dist, with swc; types are checked by `npm run typecheck`.
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const project = process.cwd();
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
