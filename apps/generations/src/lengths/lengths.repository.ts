import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { GenerationRow } from '../generations/generation.entity.js';
import { live } from '../generations/transitions.js';

/** An attempt as its worker names it. */
interface Held {
  attemptId: string;
  family: string;
  workerId: string;
}

/** The attempt `a`, before its task is known, in the hand of that worker; its generation `g` runs. */
const BEFORE_SUBMIT = `a.id = $1 AND a.family = $2 AND a.worker_id = $3 AND a.status = 'SUBMITTING'
  AND g.id = a.generation_id AND g.status = ANY ($4::text[])`;

@Injectable()
export class LengthsRepository {
  constructor(private readonly database: Database) {}

  /** A generation that runs, and the number of its attempt, of which the vendor's task is not known yet. */
  async beforeSubmit({ attemptId, family, workerId }: Held): Promise<(GenerationRow & { number: number }) | undefined> {
    const [row] = await this.database.query<GenerationRow & { number: number }>(
      `SELECT g.*, a.number FROM attempts a, generations g WHERE ${BEFORE_SUBMIT}`,
      [attemptId, family, workerId, live],
    );
    return row;
  }

  /** What it costs for its length, in place of less. Undefined when it has ended meanwhile, or its attempt is another worker's. */
  async raise({ attemptId, family, workerId }: Held, credits: number): Promise<GenerationRow | undefined> {
    const [row] = await this.database.query<GenerationRow>(
      `UPDATE generations g SET credits = greatest(credits, $5), version = version + 1 FROM attempts a
       WHERE ${BEFORE_SUBMIT} RETURNING g.*`,
      [attemptId, family, workerId, live, credits],
    );
    return row;
  }
}
