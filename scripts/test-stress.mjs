#!/usr/bin/env node
// Runs the suites several times in random order, with a busy process per core beside them, and lists each test that failed in any round.
// `npm run test:stress -- --rounds 3 --seed 1 apps/billing`: all are optional. A round is run again by its seed, with `--rounds 1`.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runSuites } from './suites.mjs';

const { rounds, firstSeed, jestArguments } = wanted();

const busy = fileURLToPath(new URL('./busy.mjs', import.meta.url));
const load = Array.from({ length: availableParallelism() }, () => spawn(process.execPath, [busy]));
const failures = [];
let passed = 0;
for (let round = 1; round <= rounds; round++) {
  const seed = firstSeed + round - 1;
  console.log(`round ${round} of ${rounds}, seed ${seed}`);
  const results = await runSuites(['--randomize', `--seed=${seed}`, ...jestArguments]);
  passed += results.passed;
  failures.push(...results.failures.map((test) => `seed ${seed}  ${test}`));
}
for (const each of load) each.kill();

for (const failure of failures) console.log(`FAIL  ${failure}`);
console.log(`${rounds} rounds, seeds from ${firstSeed}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;

function wanted() {
  try {
    const { values, positionals } = parseArgs({
      options: { rounds: { type: 'string', default: '3' }, seed: { type: 'string' } },
      allowPositionals: true,
    });
    return {
      rounds: wholeNumber('rounds', values.rounds),
      firstSeed: wholeNumber('seed', values.seed ?? String(randomInt(1, 1_000_000))),
      jestArguments: positionals,
    };
  } catch (error) {
    console.error(error.message);
    return process.exit(2);
  }
}

function wholeNumber(option, text) {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new Error(`--${option} takes a whole number from 1 on, not "${text}".`);
  }
  return number;
}
