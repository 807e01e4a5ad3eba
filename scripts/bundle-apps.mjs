#!/usr/bin/env node
// Makes dist/apps/<app>, which is what deployments and tests start: each program of an app with all that it needs of our own and of
// others in a few files. Loaded one by one, the thousand modules of a service take three times as long to start as this does.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const apps = join(root, 'apps');
const programs = /^(.*\/)?(main|migrate|print-schema)\.js$/;
/** Has binaries beside its code. */
const NATIVE = ['node-av'];

/** Packages that others load only where they are installed. */
const optionalPackages = {
  name: 'optional packages',
  setup({ onResolve, resolve: find }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'asked') return undefined;
      const found = await find(path, { ...from, pluginData: 'asked' });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
  },
};

for (const app of readdirSync(apps)) {
  const built = join(apps, app, 'dist');
  const entryPoints = readdirSync(built, { recursive: true }).filter((file) => programs.test(file));
  const outdir = join(root, 'dist', 'apps', app);
  rmSync(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: built,
    entryPoints,
    outdir,
    entryNames: '[dir]/[name]',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    external: NATIVE,
    plugins: [optionalPackages],
    // What CommonJS packages expect to find.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; import { fileURLToPath as $path } from 'node:url'; const require = $createRequire(import.meta.url), __filename = $path(import.meta.url), __dirname = $path(new URL('.', import.meta.url));",
    },
    logLevel: 'warning',
  });
}
