import { availableParallelism } from 'node:os';

/** Native ESM: run with NODE_OPTIONS=--experimental-vm-modules, as `npm test` does. */
export default {
  testMatch: ['<rootDir>/{apps,libs,testing}/*/src/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  // Sources import each other with the `.js` that they will have once built.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/dist/', '<rootDir>/.nx/', '<rootDir>/.data/'],
  globalSetup: '<rootDir>/testing/support/global-setup.mjs',
  globalTeardown: '<rootDir>/testing/support/global-teardown.mjs',
  testTimeout: 60_000,
  // Suites wait for servers as much as they compute: one more than cores keeps them busy. In processes of their own, one that does not end cannot
  // hold up the run.
  maxWorkers: availableParallelism() + 1,
  workerIdleMemoryLimit: '2GB',
};
