import { setTimeout as sleep } from 'node:timers/promises';
import { admin } from '@doitong/contracts';
import { connectOptions, MessageBus } from '@doitong/service-kit';
import { connect } from '@nats-io/transport-node';
import type { StandaloneFile } from '../platform/platform.js';
import type { Client } from './client.js';

const TRIES = 50;
const PAUSE_MS = 100;

/** Whether the account has what it must have left, nothing is held any more, and the ledger adds up. */
export async function checkLedger(
  platform: StandaloneFile,
  client: Client,
  expected: number,
): Promise<{ ok: boolean; text: string }> {
  let account = await client.account();
  for (let tries = 0; tries < TRIES && account.held > 0; tries++) {
    await sleep(PAUSE_MS);
    account = await client.account();
  }
  const nats = await connect(connectOptions(platform.natsUrl));
  const ledger = await new MessageBus(nats).request(admin.ledgerVerify, {});
  await nats.close();
  const ok = ledger.balanced && account.held === 0 && account.credits === expected;
  const text = `Account: ${account.credits} credits (expected ${expected}), ${account.held} held. Ledger: ${ledger.entries} entries, ${
    ledger.balanced ? 'adds up' : `does not add up: ${ledger.discrepancies.join('; ')}`
  }.`;
  return { ok, text };
}
