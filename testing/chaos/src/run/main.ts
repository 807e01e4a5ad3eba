import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Customer, eventually, randomOf } from '@doitong/support';
import { CALL_MS, Clients, within } from './clients.js';
import { customersOf } from './customers.js';
import { type Fault, faultOf } from './faults.js';
import { everyFamily, Fleet } from './fleet.js';
import { type Plan, planOf, USAGE } from './plan.js';
import { checkPromises } from './promises.js';
import { startIllMannered } from './receiver.js';
import { Violations } from './violations.js';
import { wishOf } from './wishes.js';

/** How many each account may have under way. The last is of somebody who always asks for more. */
const CONCURRENT = [200, 200, 200, 4];
const RECOVERY_MS = 180_000;

interface Recovery {
  fault: string;
  /** From the beginning of the fault until a request that was then made anew was complete. */
  seconds: number;
}

/** How long it takes from now until a request that is made now is complete, for a client that asks again what has no answer. */
async function recovered(fleet: Fleet, customer: Customer, key: string): Promise<number> {
  const startedAt = Date.now();
  const input = {
    type: 'IMAGE',
    provider: 'flux-dev',
    input: { text: `A buoy, ${key}` },
    options: { width: 256, height: 256 },
  };
  const through = () => fleet.through(customer, Math.random);
  const bounds = { timeoutMs: RECOVERY_MS, intervalMs: 200 };
  const id = await eventually(
    async () => (await within(CALL_MS, through().tryGenerate(input, { 'idempotency-key': key })))?.data?.generate?.id,
    bounds,
  );
  await eventually(async () => (await within(CALL_MS, through().generation(id)))?.status === 'COMPLETED', bounds);
  return (Date.now() - startedAt) / 1_000;
}

async function run(plan: Plan): Promise<number> {
  const startedAt = Date.now();
  const violations = new Violations();
  const [faultRandom, wishRandom] = [randomOf(plan.seed), randomOf(plan.seed + 1)];
  const fleet = await Fleet.start(everyFamily, plan.replicas, violations);
  const receiver = await startIllMannered();
  try {
    const customers = await customersOf(fleet, CONCURRENT);
    const clients = new Clients(
      fleet,
      customers.map(({ customer }) => customer),
      receiver.url,
      violations,
    );
    console.log(
      `platform ready in ${Math.round((Date.now() - startedAt) / 1_000)} s; seed ${plan.seed}, scenario ${plan.scenario}`,
    );

    const endsAt = Date.now() + plan.seconds * 1_000;
    const granting: Promise<void>[] = [];
    const asking = (async () => {
      for (let number = 1; number <= plan.generations; number++) {
        const wish = wishOf(
          number,
          { seed: plan.seed, accounts: customers.length, faceUrl: receiver.faceUrl },
          wishRandom,
        );
        granting.push(clients.grant(wish));
        await sleep(((endsAt - Date.now()) / (plan.generations - number + 1)) | 0);
      }
    })();

    const recoveries: Recovery[] = [];
    for (let count = 1; Date.now() < endsAt; count++) {
      await sleep(Math.min(1_000 + faultRandom() * 4_000, Math.max(0, endsAt - Date.now())));
      const fault: Fault = faultOf(plan.scenario, fleet.services, faultRandom);
      if (Date.now() >= endsAt) break;
      const happening = fault.happen(fleet);
      const seconds = await recovered(fleet, customers[0]!.customer, `chaos-buoy-${plan.seed}-${count}`).catch(
        () => undefined,
      );
      await happening;
      if (seconds === undefined)
        violations.add(
          '1 all ends in bounded time',
          `nothing was made in ${RECOVERY_MS / 1_000} s after: ${fault.name}`,
        );
      recoveries.push({ fault: fault.name, seconds: seconds ?? Number.POSITIVE_INFINITY });
      console.log(`${fault.name}: made again after ${seconds?.toFixed(1) ?? `more than ${RECOVERY_MS / 1_000}`} s`);
    }
    await asking;
    await Promise.all(granting);
    console.log(
      `${clients.granted.accepted.length} of ${plan.generations} accepted; refused: ${JSON.stringify(Object.fromEntries(clients.granted.refused))}`,
    );

    const { granted } = clients;
    const ends = await checkPromises({ fleet, granted, customers, received: receiver.requests, violations });
    console.log(`ended: ${JSON.stringify(ends)}`);
    console.log(`webhooks received: ${receiver.requests.filter(({ method }) => method === 'POST').length}`);
    report(recoveries);
  } finally {
    if (plan.logs) await leaveLogs(plan.logs, fleet);
    await receiver.stop();
    await fleet.stop();
  }
  for (const line of violations.lines) console.log(`VIOLATION ${line}`);
  console.log(`${violations.lines.length} violations in ${Math.round((Date.now() - startedAt) / 1_000)} s`);
  return violations.lines.length === 0 ? 0 : 1;
}

async function leaveLogs(folder: string, fleet: Fleet): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [number, { name, lines }] of fleet.platform.logs().entries()) {
    await writeFile(join(folder, `${name}-${number}.log`), `${lines.join('\n')}\n`);
  }
}

/** Of each kind of fault how many there were, and how long it took at the median and at most. */
function report(recoveries: Recovery[]): void {
  const kinds = new Map<string, number[]>();
  for (const { fault, seconds } of recoveries) {
    const kind = fault.replace(/ (of|for) .*/, '');
    kinds.set(
      kind,
      [...(kinds.get(kind) ?? []), seconds].sort((one, other) => one - other),
    );
  }
  for (const [kind, seconds] of kinds) {
    const median = seconds[Math.floor(seconds.length / 2)]!;
    console.log(
      `recovery from ${kind}: ${seconds.length} times, median ${median.toFixed(1)} s, at most ${seconds.at(-1)!.toFixed(1)} s`,
    );
  }
}

let plan: Plan | undefined;
try {
  plan = planOf(process.argv.slice(2));
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exit(2);
}
process.exit(await run(plan));
