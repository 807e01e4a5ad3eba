#!/usr/bin/env node
// Run after `npm install` has changed package-lock.json. A mirror of the registry may lack packages that are for other
// platforms; npm then leaves them out of the lock file, and `npm ci` refuses it everywhere. They are optional and pinned by the
// package that wants them, so their version and platform are all that the lock file must say.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const systems = ['darwin', 'win32', 'freebsd', 'openharmony', 'android', 'linux'];
const processors = ['arm64', 'riscv64', 'ppc64', 's390x', 'loong64', 'ia32', 'x64', 'arm'];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
let added = 0;
for (const [path, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const os = systems.find((system) => name.includes(system));
    if (isLocked(path, name) || !os || !/^\d/.test(version)) continue;
    const cpu = processors.find((processor) => name.replace('darwin', '').includes(processor));
    const libc = /musl/.test(name) ? 'musl' : /gnu/.test(name) && os === 'linux' ? 'glibc' : undefined;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(cpu && { cpu: [cpu] }),
      ...(dev && { dev }),
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [os],
    };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages of other platforms added`);

/** Whether a package is locked where `path` looks for it: beside it or further up. */
function isLocked(path, name) {
  const parts = path.split('/node_modules/');
  return (
    parts.some((_, depth) => lock.packages[[...parts.slice(0, parts.length - depth), name].join('/node_modules/')]) ||
    `node_modules/${name}` in lock.packages
  );
}
