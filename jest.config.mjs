import { availableParallelism } from 'node:os';
import { bundledModules } from './scripts/bundle-test-modules.mjs';

/** Native ESM, which needs an option of Node: run by `scripts/jest.mjs`. */
export default {
  testMatch: ['<rootDir>/{apps,libs,testing}/*/src/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: {
    // Sources import each other with the `.js` that they will have once built.
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
    ...(await bundledModules()),
  },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/dist/', '<rootDir>/.nx/', '<rootDir>/.data/'],
  globalSetup: '<rootDir>/testing/support/global-setup.mjs',
  globalTeardown: '<rootDir>/testing/support/global-teardown.mjs',
  testSequencer: '<rootDir>/testing/support/suite-order.mjs',
  // A bound on what hangs, on however busy a machine.
  testTimeout: 120_000,
  // Suites wait for servers as much as they compute: one more than cores keeps them busy. In processes of their own, one that does not end cannot
  // hold up the run.
  maxWorkers: availableParallelism() + 1,
  workerIdleMemoryLimit: '2GB',
};
