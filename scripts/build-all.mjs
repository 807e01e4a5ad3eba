#!/usr/bin/env node
// Emits every project and bundles the apps, by Nx, which leaves out what has not changed. Says something only when it fails.
import { spawnSync } from 'node:child_process';

const nx = ['nx', 'run', 'doitong:bundle', '--output-style=static'];
const { status, stdout, stderr, error } = spawnSync('npx', nx, { encoding: 'utf8', maxBuffer: 2 ** 28 });
if (status !== 0) {
  process.stderr.write(`${stdout}${stderr}${error ?? ''}\nThe build failed.\n`);
  process.exitCode = 1;
}
