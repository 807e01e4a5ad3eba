import type { AttemptJob, attempts, ContentType, Job, Mode, RequestOf, Stage, VendorTask } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { TRIAL_LOOK_MS, TRIAL_MS } from '../circuits/circuit.js';
import { GenerationsConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import type { AttemptStatus } from './attempt.entity.js';

/** An attempt as a worker names it. Where it is not of that worker's family, it is as if there were none. */
export interface Named {
  attemptId: string;
  family: string;
}

/** An attempt as it was before `begin`, and whether the lease was taken. */
export interface Begun {
  status: AttemptStatus;
  family: string;
  taken: boolean;
  /** Of the generation, where this has set it in PROCESSING. */
  version: number | null;
  /** Nobody has asked the vendor, unless it was this begin, whose answer was lost. */
  unasked: boolean;
  /** How long the lease that another worker holds still runs. */
  leaseMs: number;
  credential: string | null;
  /** Until a circuit lets it through, where all are open; null when that is not why it was not taken. */
  untilTrialMs: number | null;
  task: VendorTask | null;
  submittingAt: Date | null;
  /** Of workers that held it, this begin's finding included. */
  deaths: number;
  /** Of the step that the last of them was at, if it told. */
  risking: Stage | null;
  job: Omit<AttemptJob, 'attemptId' | 'deadlineAt'>;
  deadlineAt: Date;
}

/** An attempt that its vendor took, and whether that closed the circuit of its credential. */
interface Served {
  family: string;
  credential: string;
  closed: boolean;
}

interface Completed extends Served {
  generationId: string;
  status: 'COMPLETED' | 'LATE';
  /** Since the vendor was asked. */
  seconds: number;
}

/** What was tried in vain. `credential` and `askedAt` are null of an attempt that was never begun. */
export interface Failed {
  generationId: string;
  accountId: string;
  mode: Mode;
  family: string;
  provider: string;
  model: string;
  credential: string | null;
  askedAt: Date | null;
}

/** An attempt that nobody holds, as its wake-up call needs it. */
export interface Lost extends Job {
  requestId: string;
  status: AttemptStatus;
  mode: Mode;
  type: ContentType;
  family: string;
  provider: string;
  model: string;
}

interface Renewed {
  generationId: string;
  version: number | null;
}

/**
 * A credential that serves is forgotten to have failed; its circuit closes, if the vendor was asked since that opened. A common
 * table expression over `served`.
 */
const CLOSED = `forgotten AS (
  DELETE FROM circuits c USING served
  WHERE c.family = served.family AND c.credential = served.credential
    AND (c.opened_at IS NULL OR c.opened_at <= served.submitting_at)
  RETURNING c.opened_at
), closed AS (SELECT FROM forgotten WHERE opened_at IS NOT NULL)`;

/**
 * Whether the lease of the attempt `a` ended with a worker's death that counts. Of the first one nobody knows what the worker was at. After
 * that, and of late looks, whose lease just ends, only those count that came at a step of this attempt, not of another in the same worker.
 */
const DIED = `a.lease_expires_at < now() AND (a.risking IS NOT NULL OR (a.deaths = 0 AND a.status <> 'ABANDONED'))`;

/** Counts it, of the attempt `a`, where `found` says so. */
const COUNTED = `lost_worker_id = CASE WHEN found.died THEN a.worker_id ELSE a.lost_worker_id END,
  deaths = a.deaths + CASE WHEN found.died THEN 1 ELSE 0 END`;

/** Whether the vendor may have been asked for an attempt that is not over. */
const ASKED = `(asked OR status = 'SUBMITTED')`;

/**
 * Whoever changes an attempt and its generation takes the attempt first, here and wherever a generation is ended: so no two
 * of them wait for each other.
 */
@Injectable()
export class AttemptsRepository {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: GenerationsConfig,
  ) {}

  /**
   * Takes the lease if it is free, or this begin has it already. A CREATED attempt becomes SUBMITTING: from here on, or once its files
   * are ready, the vendor may have been asked; not when the deadline of its generation has passed, nor without a credential. Of those that
   * are offered it takes one at random whose circuit lets it through, which is its one trial where that is half-open.
   */
  async begin(
    tx: Queryable,
    { attemptId, family, workerId, beginId, credentials }: RequestOf<typeof attempts.begin> & Named,
  ): Promise<Begun | undefined> {
    const [row] = await tx.query<Begun>(
      `WITH found AS (
         SELECT a.*, g.mode, g.deadline_at,
           coalesce(g.input ->> 'image', '') || coalesce(g.input ->> 'audio', '') <> '' AS has_files,
           (a.worker_id IS NULL OR a.lease_expires_at < now() OR coalesce(a.begin_id = $5, false)) AS free,
           (a.worker_id <> $2 AND ${DIED}) AS died
         FROM attempts a JOIN generations g ON g.id = a.generation_id WHERE a.id = $1 AND a.family = $6 FOR UPDATE OF a
       ), offered AS (
         SELECT found.family, offer.credential, c.open_until, c.trial_until
         FROM found CROSS JOIN jsonb_array_elements_text($3::jsonb -> found.mode) AS offer(credential)
         LEFT JOIN circuits c ON c.family = found.family AND c.credential = offer.credential
         WHERE found.status = 'CREATED' AND found.free AND found.deadline_at > now()
       ), picked AS (
         SELECT family, credential, open_until FROM offered
         WHERE open_until IS NULL OR (open_until <= now() AND coalesce(trial_until <= now(), true))
         ORDER BY random() LIMIT 1
       ), trial AS (
         UPDATE circuits c SET trial_until = now() + ${TRIAL_MS} * interval '1 ms' FROM picked
         WHERE c.family = picked.family AND c.credential = picked.credential
           AND c.open_until <= now() AND coalesce(c.trial_until <= now(), true)
         RETURNING c.credential
       ), allowed AS (
         SELECT credential FROM picked WHERE open_until IS NULL UNION ALL SELECT credential FROM trial
       ), taken AS (
         UPDATE attempts a SET worker_id = $2, lease_expires_at = now() + $4 * interval '1 ms',
           status = CASE a.status WHEN 'CREATED' THEN 'SUBMITTING' ELSE a.status END,
           credential = coalesce(a.credential, (SELECT credential FROM allowed)), submitting_at = coalesce(a.submitting_at, now()),
           begin_id = $5, begin_submits = a.status = 'CREATED' OR (a.begin_submits AND a.begin_id = $5),
           asked = a.asked OR NOT found.has_files, risking = NULL, ${COUNTED}
         FROM found
         WHERE a.id = found.id AND found.free
           AND (found.status IN ('SUBMITTING', 'SUBMITTED') OR EXISTS (SELECT FROM allowed)
             OR (found.status = 'ABANDONED' AND found.task IS NOT NULL AND found.reconcile_until > now()))
         RETURNING a.generation_id, a.credential, a.begin_submits, a.deaths
       ), started AS (
         UPDATE generations g SET status = 'PROCESSING', started_at = now(), version = version + 1
         FROM taken WHERE g.id = taken.generation_id AND g.status = 'QUEUED' RETURNING g.version
       )
       SELECT found.status, found.family, found.task, (SELECT credential FROM taken), found.submitting_at AS "submittingAt",
         found.risking, coalesce((SELECT deaths FROM taken), found.deaths) AS deaths,
         (SELECT extract(epoch FROM min(CASE WHEN open_until > now() THEN open_until - now()
            ELSE least(trial_until - now(), ${TRIAL_LOOK_MS} * interval '1 ms') END)) * 1000
          FROM offered WHERE NOT EXISTS (SELECT FROM allowed))::int AS "untilTrialMs",
         EXISTS (SELECT FROM taken) AS taken, coalesce((SELECT begin_submits FROM taken), false) AS unasked,
         (SELECT version FROM started) AS version,
         greatest(0, extract(epoch FROM found.lease_expires_at - now()) * 1000)::int AS "leaseMs",
         jsonb_build_object('generationId', g.id, 'mode', g.mode, 'type', g.type, 'provider', g.provider, 'model', g.model,
           'input', g.input, 'options', g.options, 'expectedSeconds', g.expected_seconds,
           'measuresAudio', g.metered IS NOT NULL AND coalesce(btrim(g.input ->> 'audio'), '') <> '') AS job,
         g.deadline_at AS "deadlineAt"
       FROM found JOIN generations g ON g.id = found.generation_id`,
      [attemptId, workerId, JSON.stringify(credentials), this.config.JOB_LEASE_MS, beginId, family],
    );
    return row;
  }

  /** From here on the vendor may have been asked. False when the lease is lost, or the generation has ended: then nobody asks. */
  async ready({ attemptId, family }: Named, workerId: string): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE attempts SET asked = true WHERE id = $1 AND family = $2 AND worker_id = $3 AND status = 'SUBMITTING' RETURNING id`,
      [attemptId, family, workerId],
    );
    return rows.length > 0;
  }

  /**
   * Makes the vendor's task durable: the first one whoever tells it, for it may not be lost; the next ones of the worker that
   * holds the lease. Undefined or not live when the attempt is over or another worker's.
   */
  async submitted(
    { attemptId, family }: Named,
    workerId: string,
    task: VendorTask,
  ): Promise<(Served & { live: boolean }) | undefined> {
    const [row] = await this.database.query<Served & { live: boolean }>(
      `WITH served AS (
         UPDATE attempts SET task = $3::jsonb, risking = NULL, lease_expires_at = now() + $4 * interval '1 ms',
           status = CASE status WHEN 'SUBMITTING' THEN 'SUBMITTED' ELSE status END
         WHERE id = $1 AND family = $5 AND status IN ('SUBMITTING', 'SUBMITTED', 'ABANDONED') AND (task IS NULL OR worker_id = $2)
         RETURNING family, credential, submitting_at, worker_id IS NOT DISTINCT FROM $2 AND status <> 'ABANDONED' AS live
       ), ${CLOSED}
       SELECT live, family, credential, EXISTS (SELECT FROM closed) AS closed FROM served`,
      [attemptId, workerId, JSON.stringify(task), this.config.JOB_LEASE_MS, family],
    );
    return row;
  }

  /** Renews the lease and tells progress; `version` is the generation's where this has changed it. Undefined when the lease is lost. */
  async renew({ attemptId, family }: Named, workerId: string, progress: number): Promise<Renewed | undefined> {
    const [row] = await this.database.query<Renewed>(
      `WITH renewed AS (
         UPDATE attempts SET lease_expires_at = now() + $4 * interval '1 ms'
         WHERE id = $1 AND family = $5 AND worker_id = $2 AND status IN ('SUBMITTING', 'SUBMITTED') RETURNING generation_id
       ), told AS (
         UPDATE generations g SET progress = $3, version = version + 1
         FROM renewed WHERE g.id = renewed.generation_id AND g.status = 'PROCESSING' AND g.progress < $3 RETURNING g.version
       )
       SELECT generation_id AS "generationId", (SELECT version FROM told) AS version FROM renewed`,
      [attemptId, workerId, progress, this.config.JOB_LEASE_MS, family],
    );
    return row;
  }

  /** Notes the step that its worker takes next, or, with null, that it has. False when the lease is lost. */
  async risk({ attemptId, family }: Named, workerId: string, stage: Stage | null): Promise<boolean> {
    const rows = await this.database.query(
      `UPDATE attempts SET risking = $3
       WHERE id = $1 AND family = $4 AND worker_id = $2 AND status IN ('SUBMITTING', 'SUBMITTED', 'ABANDONED') RETURNING id`,
      [attemptId, workerId, stage, family],
    );
    return rows.length > 0;
  }

  /** Gives the lease back, so that another worker can go on at once. Whose lease has expired was taken for dead, and is not. */
  async release({ attemptId, family }: Named, workerId: string): Promise<void> {
    await this.database.query(
      `UPDATE attempts SET deaths = CASE WHEN lost_worker_id = $2 THEN deaths - 1 ELSE deaths END,
         lost_worker_id = nullif(lost_worker_id, $2), worker_id = nullif(worker_id, $2),
         risking = CASE WHEN worker_id = $2 THEN NULL ELSE risking END,
         lease_expires_at = CASE WHEN worker_id = $2 THEN now() ELSE lease_expires_at END
       WHERE id = $1 AND family = $3 AND (worker_id = $2 OR lost_worker_id = $2)`,
      [attemptId, workerId, family],
    );
  }

  /** Records success, whoever tells it; LATE is that of an abandoned attempt. Undefined when it was over already. */
  async complete(
    tx: Queryable,
    { attemptId, family }: Named,
    vendorCostMicroUsd: number | undefined,
  ): Promise<Completed | undefined> {
    const [row] = await tx.query<Completed>(
      `WITH done AS (
         UPDATE attempts SET status = CASE status WHEN 'ABANDONED' THEN 'LATE' ELSE 'COMPLETED' END,
           vendor_cost_micro_usd = $2, finished_at = now()
         WHERE id = $1 AND family = $3 AND status IN ('SUBMITTING', 'SUBMITTED', 'ABANDONED')
         RETURNING generation_id, status, family, credential, submitting_at, task
       ), served AS (
         SELECT family, credential, submitting_at FROM done WHERE task IS NULL
       ), ${CLOSED}
       SELECT generation_id AS "generationId", status, family, credential, EXISTS (SELECT FROM closed) AS closed,
         extract(epoch FROM now() - submitting_at)::float8 AS seconds
       FROM done`,
      [attemptId, vendorCostMicroUsd ?? null, family],
    );
    return row;
  }

  /** Records success of an abandoned attempt, and of no other. */
  async late({ attemptId, family }: Named, vendorCostMicroUsd: number | undefined): Promise<void> {
    await this.database.query(
      `UPDATE attempts SET status = 'LATE', vendor_cost_micro_usd = $2, finished_at = now()
       WHERE id = $1 AND family = $3 AND status = 'ABANDONED'`,
      [attemptId, vendorCostMicroUsd ?? null, family],
    );
  }

  /**
   * Records failure. Undefined when the attempt was over already, or another worker holds its lease: that one goes on with
   * it, and this one's failure says nothing of it.
   */
  async fail(
    tx: Queryable,
    { attemptId, family, workerId, failure, vendorCostMicroUsd }: RequestOf<typeof attempts.failed> & Named,
  ): Promise<Failed | undefined> {
    const [row] = await tx.query<Failed>(
      `UPDATE attempts a SET status = 'FAILED', failure = $3::jsonb, vendor_cost_micro_usd = $4, finished_at = now()
       FROM generations g
       WHERE a.id = $1 AND a.family = $5 AND g.id = a.generation_id AND a.status IN ('CREATED', 'SUBMITTING', 'SUBMITTED', 'ABANDONED')
         AND (a.worker_id IS NULL OR a.worker_id = $2)
       RETURNING g.id AS "generationId", g.account_id AS "accountId", g.mode, g.provider, g.model, a.family, a.credential, a.submitting_at AS "askedAt"`,
      [attemptId, workerId, JSON.stringify(failure), vendorCostMicroUsd, family],
    );
    return row;
  }

  /**
   * Leaves the running attempts of a generation that is being ended to be reconciled; one of which nobody has asked the vendor yet is
   * over, and from now on nobody does. Returns those that were begun, and whether the vendor may have been asked.
   */
  async abandon(tx: Queryable, generationId: string): Promise<(Named & { mayHaveBeenAsked: boolean })[]> {
    const rows = await tx.query<Named & { status: AttemptStatus; begun: boolean }>(
      `UPDATE attempts SET status = CASE WHEN ${ASKED} THEN 'ABANDONED' ELSE 'FAILED' END,
         finished_at = CASE WHEN ${ASKED} THEN NULL ELSE now() END,
         vendor_cost_micro_usd = CASE WHEN ${ASKED} THEN NULL ELSE 0 END,
         reconcile_until = now() + $2 * interval '1 s', lease_expires_at = greatest(lease_expires_at, now())
       WHERE generation_id = $1 AND status IN ('CREATED', 'SUBMITTING', 'SUBMITTED') 
       RETURNING id AS "attemptId", family, status, submitting_at IS NOT NULL AS begun`,
      [generationId, this.config.RECONCILE_SECONDS],
    );
    return rows
      .filter(({ begun }) => begun)
      .map(({ status, ...attempt }) => ({ ...attempt, mayHaveBeenAsked: status === 'ABANDONED' }));
  }

  /**
   * Attempts that no worker holds although they are not over: their wake-up call was lost, or their worker was.
   * Each is given time to be picked up, twice as long at each call, before it is called again.
   */
  async withoutLease(limit: number): Promise<Lost[]> {
    return this.database.query(
      `WITH found AS MATERIALIZED (
         SELECT id, (worker_id IS NOT NULL AND ${DIED}) AS died FROM attempts a
         WHERE status IN ('CREATED', 'SUBMITTING', 'SUBMITTED', 'ABANDONED') AND lease_expires_at < now()
           AND (status <> 'ABANDONED' OR (task IS NOT NULL AND reconcile_until > now()))
         ORDER BY lease_expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )
       UPDATE attempts a SET publishes = publishes + 1, worker_id = NULL, ${COUNTED},
         lease_expires_at = now() + least(power(2, publishes), 32) * $2 * interval '1 ms'
       FROM found JOIN generations g ON true
       WHERE a.id = found.id AND g.id = a.generation_id
       RETURNING a.id AS "attemptId", a.generation_id AS "generationId", a.family, g.request_id AS "requestId",
         a.status, g.mode, g.type, a.provider, a.model`,
      [limit, this.config.JOB_LEASE_MS],
    );
  }

  /** Closes abandoned attempts whose late result is no longer looked for. */
  async closeAbandoned(): Promise<void> {
    await this.database.query(
      `UPDATE attempts SET status = 'FAILED', finished_at = now()
       WHERE id = ANY (ARRAY(
         SELECT id FROM attempts WHERE status = 'ABANDONED' AND lease_expires_at < now() AND reconcile_until < now()
         FOR UPDATE SKIP LOCKED))`,
    );
  }
}
