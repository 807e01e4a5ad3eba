#!/usr/bin/env node
// Runs Jest with what our suites need; arguments go to it.
import { runJest } from './suites.mjs';

process.exitCode = (await runJest(process.argv.slice(2))) ?? 1;
