#!/usr/bin/env node
// Makes dist/apps/<app>, which is what deployments and tests start: each program of an app, and in dist/apps/shared what several need
// of our own and of others. Loaded one by one, the thousand modules of a service take three times as long to start as these few files.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLING } from './bundling.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const apps = join(root, 'apps');
const target = join(root, 'dist', 'apps');
const programs = /^(.*\/)?(main|migrate|print-schema)\.js$/;
/** What reads media, in a process of its own: those who start it look for it beside what they share. */
const probe = { in: join(root, 'libs/media/dist/probe/probe-process.js'), out: 'shared/probe-process' };

const entryPoints = readdirSync(apps).flatMap((app) => {
  const built = join(apps, app, 'dist');
  return readdirSync(built, { recursive: true })
    .filter((file) => programs.test(file))
    .map((file) => ({ in: join(built, file), out: join(app, file.replace(/\.js$/, '')) }));
});

mkdirSync(join(root, 'dist'), { recursive: true });
const outdir = mkdtempSync(join(root, 'dist', 'apps-'));
await build({ ...BUNDLING, entryPoints: [...entryPoints, probe], outdir, sourcemap: true, sourcesContent: false });

// Whole or not at all: what starts from there meanwhile must not miss a file.
rmSync(target, { recursive: true, force: true });
renameSync(outdir, target);
