import { join, resolve } from 'node:path';
import { contentTypes } from '@doitong/contracts';
import { freePort } from '@doitong/local-servers';
import { fatal, loadConfig } from '@doitong/service-kit';
import { StandaloneConfig } from '../config.js';
import { startPlatform } from '../platform/platform.js';
import { Bars } from './bars.js';
import { Client } from './client.js';
import { checkLedger } from './ledger.js';
import { inputs } from './requests.js';
import { type Done, table } from './table.js';
import { watch } from './watch.js';

/** Starts the platform on ports and data of its own, makes one generation of each type, and says how it went. */
async function demo(): Promise<boolean> {
  const dataDir = resolve(process.env.DATA_DIR ?? join('.data', 'demo'));
  const [PORT, SANDBOX_PORT] = await Promise.all([freePort(), freePort()]);
  const ours = { PORT: String(PORT), SANDBOX_PORT: String(SANDBOX_PORT), MANAGEMENT_PORT: '0', DATA_DIR: dataDir };
  const platform = await startPlatform(loadConfig(StandaloneConfig, { ...process.env, ...ours }));
  const bars = new Bars();
  try {
    const client = new Client(platform.file);
    const before = await client.account();
    const image = watch(client, inputs.IMAGE, bars.add('IMAGE'));
    const done: Record<(typeof contentTypes)[number], Promise<Done>> = {
      VIDEO: watch(client, inputs.VIDEO, bars.add('VIDEO')),
      IMAGE: image,
      AUDIO: watch(client, inputs.AUDIO, bars.add('AUDIO')),
      AVATAR: avatarOf(client, image, bars),
    };
    const all = await Promise.all(contentTypes.map((type) => done[type]));
    bars.stop();
    process.stdout.write(`${table(all, join(dataDir, 'assets'))}\n`);
    const spent = all.reduce((sum, { seen }) => sum + seen.creditCost, 0);
    const ledger = await checkLedger(platform.file, client, before.credits - spent);
    process.stdout.write(`${ledger.text}\n`);
    return ledger.ok && all.every(({ seen }) => seen.status === 'COMPLETED');
  } finally {
    bars.stop();
    await platform.stop();
  }
}

/** The avatar speaks with the face of the image that was made before. */
async function avatarOf(client: Client, image: Promise<Done>, bars: Bars): Promise<Done> {
  const bar = bars.add('AVATAR');
  const { seen } = await image;
  return watch(client, inputs.AVATAR(seen.url ?? ''), bar);
}

try {
  process.exit((await demo()) ? 0 : 1);
} catch (error) {
  fatal(error);
}
