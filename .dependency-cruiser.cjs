/** The dependency rules of this repository; `npm run deps` checks them. Workspace packages resolve to their sources. */
const TEST_CODE = '([.]spec[.]ts$|/__fixtures__/)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment: 'No other rule can see an import that does not resolve.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-app-to-app',
      comment: 'Services meet in messages only. The sandbox is an app too.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/standalone/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'standalone-imports-root-modules-only',
      severity: 'error',
      from: { path: '^apps/standalone/' },
      to: { path: '^apps/', pathNot: ['^apps/standalone/', '^apps/[^/]+/src/app[.]module[.]ts$'] },
    },
    {
      name: 'no-family-to-family',
      comment: 'What families share is in the kit.',
      severity: 'error',
      from: { path: '^libs/providers/src/([^/]+)/' },
      to: { path: '^libs/providers/src/', pathNot: ['^libs/providers/src/$1/', '^libs/providers/src/kit/'] },
    },
    {
      name: 'contracts-import-nothing-of-ours',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^(libs|apps|testing)/', pathNot: '^libs/contracts/' },
    },
    {
      name: 'providers-import-contracts-media-and-egress',
      severity: 'error',
      from: { path: '^libs/providers/', pathNot: TEST_CODE },
      to: { path: '^(libs|apps|testing)/', pathNot: '^libs/(providers|contracts|media|egress)/' },
    },
    {
      name: 'libs-do-not-import-apps-or-tests',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|testing)/', pathNot: '^testing/support/' },
    },
    {
      name: 'support-is-for-tests',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: TEST_CODE },
      to: { path: '^testing/' },
    },
    {
      name: 'sandbox-knows-no-provider',
      comment: 'It is written from the vendors’ documents, so that it can contradict our adapters.',
      severity: 'error',
      from: { path: '^apps/sandbox/' },
      to: { path: '^libs/providers/' },
    },
    {
      name: 'test-code-is-for-tests',
      severity: 'error',
      from: { pathNot: [TEST_CODE, '^testing/'] },
      to: { path: TEST_CODE },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
};
