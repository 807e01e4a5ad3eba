// A plugin of Nx: gives every project the same four targets, so that none needs a configuration of its own for them.
import { dirname } from 'node:path';

const shared = (...files) => files.map((file) => `{workspaceRoot}/${file}`);
/** The project's files, and those of all projects that it imports. */
const sources = ['default', '^default'];
const cached = (command) => ({ executor: 'nx:run-commands', options: { command }, cache: true });

const targets = (project) => ({
  build: {
    ...cached(`node scripts/build.mjs ${project}`),
    inputs: ['default', ...shared('scripts/build.mjs', '.swcrc')],
    outputs: ['{projectRoot}/dist'],
  },
  typecheck: {
    ...cached(`node node_modules/typescript-native/bin/tsc -p ${project}`),
    inputs: [...sources, ...shared('tsconfig.base.json', 'package-lock.json')],
  },
  lint: {
    ...cached(`biome check ${project}`),
    inputs: ['default', ...shared('biome.json', 'package-lock.json')],
  },
  test: {
    ...cached(`node scripts/jest.mjs ${project}/`),
    // Many suites start built services. Which of them, where it is not by their imports, `implicitDependencies` of package.json tells.
    dependsOn: ['doitong:bundle'],
    // Each has a worker process for each core, and servers of its own.
    parallelism: false,
    inputs: [...sources, ...shared('jest.config.mjs', 'scripts/*', 'k8s/*', 'README.md', 'package-lock.json')],
  },
});

export const createNodesV2 = [
  '{apps,libs,testing}/*/package.json',
  (files) => files.map((file) => [file, { projects: { [dirname(file)]: { targets: targets(dirname(file)) } } }]),
];
