import { eventually, type Received } from '@doitong/support';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';
import type { Accepted, Granted } from './clients.js';
import type { ChaosCustomer } from './customers.js';
import type { Fleet } from './fleet.js';
import type { Violations } from './violations.js';

/** After the last fault, all that was accepted has so long to come to its end, and everybody to hear of it. */
const BOUNDED_MS = 300_000;
const TELL_MS = 15_000;
const MOST_FILES = 200;
const TERMINAL = ['COMPLETED', 'FAILED', 'CANCELLED'];

interface Row {
  id: string;
  accountId: string;
  status: string;
  provider: string;
  credits: number;
  code: string | null;
  text: string;
  createdAt: Date;
  completedAt: Date | null;
}

export interface Witnesses {
  fleet: Fleet;
  granted: Granted;
  customers: ChaosCustomer[];
  received: Received[];
  violations: Violations;
}

/** Looks at all that can be seen from outside, once nothing moves any more. Returns how many ended in which way. */
export async function checkPromises(witnesses: Witnesses): Promise<Record<string, number>> {
  const database = new pg.Pool({ connectionString: witnesses.fleet.platform.databaseUrl, max: 2 });
  // A connection that is lost while nobody uses it is replaced by the next.
  database.on('error', () => undefined);
  try {
    await standsStill(witnesses, database);
    const rows = await generations(database);
    const byId = new Map(rows.map((row) => [row.id, row]));
    isNothingLost(witnesses, byId);
    await doCreditsAddUp(witnesses, database, rows);
    await isOneKeyOneGeneration(witnesses, rows);
    await isNobodyAskedTwice(witnesses, database);
    isTheCallersChoiceKept(witnesses, byId);
    areLimitsExact(witnesses, rows);
    await areEndsTold(witnesses, database, byId);
    await areOutputsOurs(witnesses, byId);
    isNothingToldToLogs(witnesses);
    const ends: Record<string, number> = {};
    for (const { status, code } of rows) {
      const end = code ? `${status} ${code}` : status;
      ends[end] = (ends[end] ?? 0) + 1;
    }
    return ends;
  } finally {
    await database.end();
  }
}

async function standsStill({ violations }: Witnesses, database: pg.Pool): Promise<void> {
  const moving = async () => {
    const { rows } = await database.query<{ what: string; many: number }>(
      `SELECT 'generations that have not ended' AS what, count(*)::int AS many FROM generations.generations WHERE status IN ('QUEUED', 'PROCESSING')
       UNION ALL SELECT 'holds that are open', count(*)::int FROM billing.holds WHERE status = 'OPEN'
       UNION ALL SELECT 'slots that are taken', coalesce(sum(slots_taken), 0)::int FROM rate_limit.account_usage
       UNION ALL SELECT 'items in the outbox of generations', count(*)::int FROM generations.outbox
       UNION ALL SELECT 'deliveries that are due', count(*)::int FROM webhooks.deliveries WHERE status = 'PENDING'`,
    );
    return rows.filter(({ many }) => many > 0);
  };
  let told = Date.now();
  const still = async () => {
    const left = await moving();
    if (left.length > 0 && Date.now() - told > TELL_MS) {
      told = Date.now();
      console.log(`waiting for ${left.map(({ what, many }) => `${many} ${what}`).join(', ')}`);
    }
    return left.length === 0;
  };
  await eventually(still, { timeoutMs: BOUNDED_MS, intervalMs: 500 }).catch(async () => {
    for (const { what, many } of await moving()) violations.add('1 all ends in bounded time', `${many} ${what}`);
  });
}

async function generations(database: pg.Pool): Promise<Row[]> {
  const { rows } = await database.query<Row>(
    `SELECT id, account_id AS "accountId", status, provider, credits::float8 AS credits, error ->> 'code' AS code, input ->> 'text' AS text,
       created_at AS "createdAt", completed_at AS "completedAt" FROM generations.generations`,
  );
  return rows;
}

function isNothingLost({ granted, violations, fleet }: Witnesses, byId: Map<string, Row>): void {
  const lost = granted.accepted.filter(({ id }) => !byId.has(id)).map(({ id }) => `${id} was accepted and is gone`);
  violations.addAll('1 nothing is lost', lost);
  const open = granted.accepted.filter(({ id }) => byId.has(id) && !TERMINAL.includes(byId.get(id)!.status));
  violations.addAll(
    '1 all ends in bounded time',
    open.map(({ id, wish }) => `${id} is ${byId.get(id)!.status}: ${JSON.stringify(wish.input)}`),
  );
  violations.addAll('1 nothing is lost', fleet.diedByThemselves());
}

async function doCreditsAddUp({ fleet, customers, violations }: Witnesses, database: pg.Pool, rows: Row[]) {
  const ledger = await fleet.operator.verifyLedger();
  if (!ledger.balanced) violations.addAll('2 credits add up', ledger.discrepancies);
  const { rows: wrong } = await database.query<{ id: string; status: string; hold: string | null }>(
    `SELECT g.id, g.status, h.status AS hold FROM generations.generations g LEFT JOIN billing.holds h ON h.generation_id = g.id
     WHERE h.status IS DISTINCT FROM 'CAPTURED' AND g.status = 'COMPLETED' AND g.credits > 0`,
  );
  violations.addAll(
    '2 credits add up',
    wrong.map(({ id, status, hold }) => `${id} is ${status} and its hold ${hold}`),
  );
  const { rows: wild } = await database.query<{ id: string; status: string }>(
    `SELECT h.generation_id AS id, h.status FROM billing.holds h LEFT JOIN generations.generations g ON g.id = h.generation_id
     WHERE h.status = 'CAPTURED' AND (g.id IS NULL OR g.status IN ('QUEUED', 'PROCESSING', 'FAILED'))`,
  );
  violations.addAll(
    '2 credits add up',
    wild.map(({ id }) => `the hold of ${id} is captured, which is not completed`),
  );
  for (const { customer, credits } of customers) {
    const seen = await eventually(() => fleet.through(customer, Math.random).account(), { timeoutMs: 60_000 });
    const ids = rows.filter(({ accountId }) => accountId === customer.accountId).map(({ id }) => id);
    const { rows: captured } = await database.query<{ spent: number }>(
      'SELECT coalesce(sum(captured_credits), 0)::float8 AS spent FROM billing.holds WHERE generation_id = ANY($1)',
      [ids],
    );
    const expected = credits - captured[0]!.spent;
    if (seen.credits !== expected || seen.held !== 0 || seen.credits < 0) {
      violations.add(
        '2 credits add up',
        `${customer.accountId} has ${JSON.stringify(seen)}, not ${expected} and none held`,
      );
    }
  }
}

/** Each prompt is of one wish, and each wish has one key. */
async function isOneKeyOneGeneration({ granted, violations }: Witnesses, rows: Row[]): Promise<void> {
  const byMark = new Map<string, string[]>();
  for (const { id, text } of rows) {
    const mark = /wish \d+-\d+\./.exec(text)?.[0];
    if (mark) byMark.set(mark, [...(byMark.get(mark) ?? []), id]);
  }
  const twice = [...byMark].filter(([, ids]) => ids.length > 1);
  violations.addAll(
    '3 one key, one generation',
    twice.map(([mark, ids]) => `${mark} was made ${ids.length} times: ${ids.join(', ')}`),
  );
  const other = granted.accepted.filter(({ wish, id }) => !byMark.get(wish.mark)?.includes(id));
  violations.addAll(
    '3 one key, one generation',
    other.map(({ wish, id }) => `${wish.key} was answered with ${id}, which is not its own`),
  );
}

/** A vendor that answers at once takes a speech, fails, and says so: then it may be asked once more. */
const mayBeAskedAgain = ({ wish }: Accepted) => JSON.stringify(wish.input).includes('[[sandbox:failed]]');

/** A vendor accepts at most one submit of an attempt; one that dedupes on a key of ours, one for each key. */
async function isNobodyAskedTwice({ fleet, granted, violations }: Witnesses, database: pg.Pool): Promise<void> {
  const { rows } = await database.query<{ id: string; family: string; attempts: number }>(
    'SELECT generation_id AS id, family, count(*)::int AS attempts FROM generations.attempts GROUP BY 1, 2',
  );
  const attempts = new Map(rows.map(({ id, family, attempts }) => [`${id} ${family}`, attempts]));
  for (const one of granted.accepted) {
    const { id, wish } = one;
    const accepted = new Map<string, number>();
    const keys = new Set<string>();
    for (const { family, idempotencyKey } of await submitsOf(fleet.platform.sandboxUrl, wish.mark)) {
      if (idempotencyKey === null) accepted.set(family, (accepted.get(family) ?? 0) + 1);
      else if (keys.has(idempotencyKey)) violations.add('4 nobody is asked twice', `${idempotencyKey} was taken twice`);
      else keys.add(idempotencyKey);
    }
    for (const [family, many] of accepted) {
      const most = (attempts.get(`${id} ${family}`) ?? 0) * (mayBeAskedAgain(one) ? 2 : 1);
      if (many > most) {
        violations.add(
          '4 nobody is asked twice',
          `${family} took ${many} submits of ${id}, for which ${most} are right: ${JSON.stringify(wish.input)}`,
        );
      }
    }
  }
}

interface Submit {
  family: string;
  idempotencyKey: string | null;
}

async function submitsOf(sandboxUrl: string, prompt: string): Promise<Submit[]> {
  const answer = await fetch(`${sandboxUrl}/_sandbox/submits?${new URLSearchParams({ prompt })}`);
  return ((await answer.json()) as { submits: Submit[] }).submits;
}

function isTheCallersChoiceKept({ granted, violations }: Witnesses, byId: Map<string, Row>): void {
  const moved = granted.accepted.filter(({ id, wish }) => wish.provider && byId.get(id)?.provider !== wish.provider);
  violations.addAll(
    "5 the caller's choice is kept",
    moved.map(({ id, wish }) => `${id} asked for ${wish.provider} and got ${byId.get(id)?.provider}`),
  );
}

/** At no moment had an account more under way than it may, by when each was accepted and when it ended. */
function areLimitsExact({ customers, violations }: Witnesses, rows: Row[]): void {
  for (const { customer, concurrent } of customers) {
    const own = rows.filter(({ accountId }) => accountId === customer.accountId);
    const changes = own.flatMap(({ createdAt, completedAt }) => [
      { at: createdAt.getTime(), by: 1 },
      ...(completedAt ? [{ at: completedAt.getTime(), by: -1 }] : []),
    ]);
    changes.sort((one, other) => one.at - other.at || one.by - other.by);
    let running = 0;
    let most = 0;
    for (const { by } of changes) {
      running += by;
      most = Math.max(most, running);
    }
    if (most > concurrent) {
      violations.add('6 limits are exact', `${customer.accountId} had ${most} under way and may have ${concurrent}`);
    }
  }
}

/** Each end was told at least once, with one id, signed; or it is a dead letter. */
async function areEndsTold(
  { granted, customers, received, violations }: Witnesses,
  database: pg.Pool,
  byId: Map<string, Row>,
): Promise<void> {
  const { rows } = await database.query<{ id: string }>(
    `SELECT DISTINCT e.data ->> 'id' AS id FROM webhooks.deliveries d JOIN webhooks.events e ON e.id = d.event_id WHERE d.status = 'DEAD'`,
  );
  const dead = new Set(rows.map(({ id }) => id));
  const secrets = new Map(customers.map(({ customer, secret }) => [customer.accountId, new Webhook(secret)]));
  const told = new Map<string, Set<string>>();
  const unsigned: string[] = [];
  for (const { path, headers, body, method } of received) {
    if (method !== 'POST') continue;
    const event = JSON.parse(body) as { type: string; data: { id: string; status: string } };
    const generation = byId.get(event.data.id);
    const id = String(headers['webhook-id']);
    if (!generation) {
      violations.add('7 each end is told', `${path} was told of ${event.data.id}, which there is not`);
      continue;
    }
    const at = new Date(Number(headers['webhook-timestamp']) * 1_000);
    const right = secrets.get(generation.accountId)?.sign(id, at, body) ?? '';
    if (!String(headers['webhook-signature']).split(' ').includes(right)) {
      unsigned.push(`${id} is not signed with the secret of its account`);
    }
    if (TERMINAL.includes(event.data.status)) {
      if (event.data.status !== generation.status) {
        violations.add(
          '7 each end is told',
          `${generation.id} is ${generation.status}, and ${event.data.status} was told`,
        );
      }
      told.set(generation.id, (told.get(generation.id) ?? new Set()).add(id));
    }
  }
  violations.addAll('7 each end is told', unsigned);
  const untold = granted.accepted.filter(({ id }) => byId.has(id) && !told.has(id) && !dead.has(id));
  violations.addAll(
    '7 each end is told',
    untold.map(({ id }) => `nobody was told that ${id} is ${byId.get(id)?.status}, and there is no dead letter`),
  );
  const many = [...told].filter(([, ids]) => ids.size > 1);
  violations.addAll(
    '7 each end is told',
    many.map(([id, ids]) => `the end of ${id} was told with ${ids.size} ids`),
  );
}

/** What is completed can be had from our own store, and no vendor's address is told. */
async function areOutputsOurs(
  { fleet, granted, violations, customers }: Witnesses,
  byId: Map<string, Row>,
): Promise<void> {
  const completed = granted.accepted.filter(({ id }) => byId.get(id)?.status === 'COMPLETED').slice(0, MOST_FILES);
  for (const { id, wish } of completed) {
    const customer = fleet.through(customers[wish.account]!.customer, Math.random);
    const { url } = await eventually(() => customer.generation(id), { timeoutMs: 60_000 });
    const wrong = await faultOfOutput(fleet, url);
    if (wrong) violations.add('9 outputs are ours', `${id} is COMPLETED and ${wrong}`);
  }
}

async function faultOfOutput(fleet: Fleet, url: string | null): Promise<string | undefined> {
  if (!url) return 'has no URL';
  const { gatewayUrl, sandboxUrl } = fleet.platform;
  if (!url.startsWith(gatewayUrl) || url.startsWith(sandboxUrl)) return `is at ${url}`;
  // The gateway that the URL names may be gone, as none behind a balancer is named.
  const here = url.replace(gatewayUrl, fleet.gatewayUrl(Math.random));
  const answer = await eventually(() => fetch(here), { timeoutMs: 30_000 });
  const { byteLength } = await answer.arrayBuffer();
  return answer.ok && byteLength > 0 ? undefined : `its output answers ${answer.status} with ${byteLength} bytes`;
}

function isNothingToldToLogs({ fleet, granted, customers, violations }: Witnesses): void {
  const secrets = customers.flatMap(({ customer, secret }) => [customer.key, secret]);
  const prompts = granted.accepted.slice(0, 50).map(({ wish }: Accepted) => wish.mark);
  for (const { name, lines } of fleet.platform.logs()) {
    const all = lines.join('\n');
    for (const secret of secrets) if (all.includes(secret)) violations.add('logs', `${name} logged a key or a secret`);
    if (prompts.some((prompt) => all.includes(prompt))) violations.add('logs', `${name} logged a prompt`);
  }
}
