// Jest gives each suite modules of its own, and would read the thousand files of NestJS and TypeORM anew for each of them. Here
// every package that our code imports becomes one file, which shares with the others what they have in common.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLING } from './bundling.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, 'dist', 'test-modules');
const IMPORT =
  /^(?:import|export)\b(?! type\b)[^;]*?\bfrom '([^'.][^']*)';$|^import '([^'.][^']*)';$|\bimport\('([^'.][^']*)'\)/gm;
/** Jest's own, ours, Node's, and what cannot be bundled. */
const LEFT = /^(@jest\/|@doitong\/|node:|node-av|playwright-core$|reflect-metadata$)/;

/** Makes the files, unless they are there, and returns Jest's `moduleNameMapper` that leads to them. */
export async function bundledModules() {
  const names = importedPackages();
  const hash = createHash('sha256').update(names.join());
  for (const file of ['package-lock.json', 'scripts/bundling.mjs', 'scripts/bundle-test-modules.mjs']) {
    hash.update(readFileSync(join(root, file)));
  }
  const folder = join(cache, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) await bundleInto(folder, names);
  return Object.fromEntries(names.map((name) => [`^${name}$`, join(folder, fileOf(name))]));
}

const fileOf = (name) => `${name.replaceAll('/', '_')}.mjs`;

function importedPackages() {
  const names = new Set();
  for (const group of ['apps', 'libs', 'testing']) {
    for (const project of readdirSync(join(root, group))) {
      const source = join(root, group, project, 'src');
      for (const file of readdirSync(source, { recursive: true }).filter((each) => each.endsWith('.ts'))) {
        for (const match of readFileSync(join(source, file), 'utf8').matchAll(IMPORT)) {
          names.add(match[1] ?? match[2] ?? match[3]);
        }
      }
    }
  }
  return [...names].filter((name) => !LEFT.test(name)).sort();
}

async function bundleInto(folder, names) {
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, 'making-'));
  const entries = join(staging, 'entries');
  mkdirSync(entries);
  for (const name of names) writeFileSync(join(entries, fileOf(name)), await exportsOf(name));
  await build({
    ...BUNDLING,
    entryPoints: names.map((name) => join(entries, fileOf(name))),
    outdir: staging,
    outExtension: { '.js': '.mjs' },
  });
  rmSync(entries, { recursive: true });
  try {
    renameSync(staging, folder);
  } catch (error) {
    // Another run was faster.
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** A module that exports what `name` does. esbuild cannot see the names that a CommonJS package exports; Node can. */
async function exportsOf(name) {
  const names = Object.keys(await import(name)).filter((each) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(each));
  return names.length > 0 ? `export { ${names.join(', ')} } from '${name}';\n` : `import '${name}';\n`;
}
