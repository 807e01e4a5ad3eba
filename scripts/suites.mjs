import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** Jest runs ES modules only with these. */
const NODE_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

/** Runs Jest and returns its exit code. */
export function runJest(args) {
  return run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...args], {
    cwd: root,
    env: { NODE_OPTIONS },
  });
}

/** Runs suites; returns how many tests passed, failed and were skipped, and which failed, as `<suite>: <test>`. */
export async function runSuites(args) {
  const folder = mkdtempSync(join(tmpdir(), 'doitong-test-'));
  const outputFile = join(folder, 'results.json');
  try {
    const code = await runJest(['--json', `--outputFile=${outputFile}`, ...args]);
    const results = summary(JSON.parse(readFileSync(outputFile, 'utf8')));
    if (code !== 0 && results.failures.length === 0) results.failures.push(`Jest ended with ${code}`);
    return results;
  } catch (error) {
    return { passed: 0, skipped: 0, failures: [`Jest gave no results: ${error.message}`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function summary({ numPassedTests, numPendingTests, testResults }) {
  const failures = testResults.flatMap(({ name, status, assertionResults }) => {
    const suite = relative(root, name);
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${suite}: ${test.fullName}`);
    return failed.length === 0 && status === 'failed' ? [`${suite}: did not run`] : failed;
  });
  return { passed: numPassedTests, skipped: numPendingTests, failures };
}
