#!/usr/bin/env node
// The test command: every check, the build, then all suites. Each check counts as one test; the last line sums up.
// Arguments go to Jest: `npm test -- apps/billing` runs the checks and the suites of one folder.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const checks = ['typecheck', 'lint', 'deps', 'dead-code', 'build'];
const total = { passed: 0, failed: 0, skipped: 0 };

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return status === 0;
}

for (const check of checks) {
  const startedAt = Date.now();
  const ok = run('npm', ['run', '--silent', check]);
  total[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${check} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}

const folder = mkdtempSync(join(tmpdir(), 'doitong-test-'));
const outputFile = join(folder, 'results.json');
const jest = ['jest', '--json', `--outputFile=${outputFile}`, ...process.argv.slice(2)];
const suitesOk = run('npx', jest, { NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' });
try {
  const results = JSON.parse(readFileSync(outputFile, 'utf8'));
  total.passed += results.numPassedTests;
  total.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  total.skipped += results.numPendingTests;
} catch {
  total.failed += 1;
}
rmSync(folder, { recursive: true, force: true });
if (!suitesOk && total.failed === 0) total.failed = 1;

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed > 0 ? 1 : 0);
