import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/** Suites that start the whole platform, which take longest. */
const LONG = /^testing\//;

/** The long suites first, so that none is left for the end; with `--randomize`, in the order that the seed makes. */
export default class SuiteOrder extends Sequencer {
  constructor(options) {
    super(options);
    this.seed = options.globalConfig.randomize ? options.globalConfig.seed : undefined;
    this.rootDir = options.globalConfig.rootDir;
  }

  sort(tests) {
    const rank = (test) => {
      const path = relative(this.rootDir, test.path);
      if (this.seed === undefined) return LONG.test(path) ? 0 : 1;
      return createHash('sha256').update(`${this.seed} ${path}`).digest().readUInt32BE();
    };
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
}
