#!/usr/bin/env node
// The test command: every check, the build, then all suites. Each check counts as one test; the last line sums up.
// Arguments go to Jest: `npm test -- apps/billing` runs the checks and the suites of one folder.
import { run } from './processes.mjs';
import { runSuites } from './suites.mjs';

const CHECKS = ['typecheck', 'lint', 'deps', 'dead-code', 'build'];
const times = [];
let passed = 0;
let failed = 0;

for (const check of CHECKS) {
  const code = await timed(check, () => run('npm', ['run', '--silent', check]));
  if (code === 0) passed += 1;
  else failed += 1;
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${check}`);
}
const suites = await timed('suites', () => runSuites(process.argv.slice(2)));
passed += suites.passed;
failed += suites.failures.length;

console.log(times.join(', '));
for (const failure of suites.failures) console.log(`FAIL  ${failure}`);
console.log(`${passed} passed, ${failed} failed${suites.skipped > 0 ? `, ${suites.skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

async function timed(step, work) {
  const startedAt = performance.now();
  const result = await work();
  times.push(`${step} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}
