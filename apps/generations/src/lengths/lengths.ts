import { type AttemptFailure, type attempts, priceOf, type RequestOf } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { Changes } from '../generations/changes.js';
import { HoldRaises } from './hold-raises.js';
import { LengthsRepository } from './lengths.repository.js';

type Measured = Required<RequestOf<typeof attempts.ready>> & { family: string };

/** What generations cost whose audio is measured on the way, before the vendor is asked. */
@Injectable()
export class Lengths {
  constructor(
    private readonly repository: LengthsRepository,
    private readonly raises: HoldRaises,
    private readonly changes: Changes,
  ) {}

  /**
   * Sets aside what audio of this length costs, where less is. `over` when the attempt is over or another worker's; a failure when the
   * account cannot pay for it, or its quote was for less. A crash on the way leaves too much held, for as long as the generation runs.
   */
  async measured({ audioSeconds, ...attempt }: Measured): Promise<'ok' | 'over' | AttemptFailure> {
    const row = await this.repository.beforeSubmit(attempt);
    if (!row) return 'over';
    const { id, metered, input, options } = row;
    const credits = metered ? priceOf(metered, input, options, audioSeconds) : row.credits;
    if (credits <= row.credits) return 'ok';
    const costs = `The audio is ${round(audioSeconds)} seconds long and costs ${credits} credits`;
    if (row.most_credits !== null && credits > row.most_credits) {
      return tooDear('INVALID_INPUT', `${costs}; the quote was for ${row.most_credits}.`);
    }
    const change = { generationId: id, attemptNumber: row.number + 1, credits };
    if ((await this.raises.raise(change)) === 'refused') {
      return tooDear('INSUFFICIENT_CREDITS', `${costs}, which are not there.`);
    }
    const raised = await this.repository.raise(attempt, credits);
    if (!raised) return 'over';
    this.changes.tell(raised);
    return 'ok';
  }
}

function tooDear(code: AttemptFailure['code'], why: string): AttemptFailure {
  const message = `${why} Nothing was charged. options.duration cuts it to a length.`;
  return { code, message, retryable: false, stage: 'SUBMISSION', kind: 'too-dear' };
}

const round = (seconds: number) => Math.round(seconds * 10) / 10;
