import type { FailureKind, FamilyManifest, ModelManifest, ProviderManifest } from '@doitong/contracts';
import { families } from '@doitong/providers';

/** A vendor, and the credentials that we have of it. */
export interface Vendor {
  manifest: FamilyManifest;
  credentials: string[];
}

/** What is wrong with a vendor for a part of the day. */
export interface Incident {
  name: string;
  family: string;
  /** Absent: all of its models, all of its credentials. */
  model?: string;
  credential?: string;
  fromHour: number;
  toHour: number;
  /** Which share of what is asked fails, how, and after how long. */
  fails?: { share: number; kind: FailureKind; afterSeconds: number };
  /** Factor on the time that it takes. */
  slower?: number;
  /** Factor on its base price, announced by a new manifest. */
  dearer?: number;
}

/** Between a worker's first ask and its report that a vendor is away: it asks six times. */
const UNAVAILABLE_SECONDS = 32;
const away = { share: 1, kind: 'unavailable', afterSeconds: UNAVAILABLE_SECONDS } as const;

/** A made-up competitor of a real model: it takes the same requests. */
function rival(of: ProviderManifest, id: string, changes: Partial<ModelManifest>): Vendor {
  const model = { ...of.models[0]!, id: `${id}-1`, name: id, ...changes };
  const provider = { ...of, id, aliases: [], name: id, models: [model] };
  return { manifest: { family: id, providers: [provider] }, credentials: [`${id}-key`] };
}

const { 'black-forest-labs': blackForestLabs, elevenlabs, hedra, minimax } = families;
const [minimaxVideo] = minimax.manifest.providers;
const [speech] = elevenlabs.manifest.providers;
const [avatar] = hedra.manifest.providers;

/** The real families, and rivals so that each type has some competition. */
export const vendors: Vendor[] = [
  { manifest: minimax.manifest, credentials: ['minimax-key'] },
  { manifest: blackForestLabs.manifest, credentials: ['bfl-key'] },
  { manifest: elevenlabs.manifest, credentials: ['elevenlabs-key', 'elevenlabs-revoked'] },
  { manifest: hedra.manifest, credentials: ['hedra-key'] },
  rival(minimaxVideo!, 'atelier', { price: { base: 900 }, expectedSeconds: 90, qualityRank: 90 }),
  rival(minimaxVideo!, 'sketchy', { price: { base: 250 }, expectedSeconds: 60, qualityRank: 55 }),
  rival(speech!, 'crier', { price: { base: 0, perThousandCharacters: 60 }, expectedSeconds: 3, qualityRank: 72 }),
  rival(avatar!, 'puppeteer', {
    price: { base: 0, perSecond: 70, defaultSeconds: 15 },
    expectedSeconds: 50,
    qualityRank: 78,
  }),
];

export const incidents: Incident[] = [
  {
    name: 'atelier flaps',
    family: 'atelier',
    fromHour: 2,
    toHour: 4,
    fails: { share: 0.7, kind: 'failed', afterSeconds: 90 },
  },
  { name: 'minimax is away', family: 'minimax', fromHour: 6, toHour: 7.5, fails: away },
  { name: 'sketchy is away', family: 'sketchy', fromHour: 7, toHour: 9, fails: away },
  {
    name: 'a key of elevenlabs is revoked',
    family: 'elevenlabs',
    credential: 'elevenlabs-revoked',
    fromHour: 9,
    toHour: 18,
    fails: { share: 1, kind: 'credential', afterSeconds: 1 },
  },
  {
    name: 'flux-pro-1.1 fails half',
    family: 'black-forest-labs',
    model: 'flux-pro-1.1',
    fromHour: 10,
    toHour: 12,
    fails: { share: 0.5, kind: 'failed', afterSeconds: 6 },
  },
  { name: 'puppeteer is dearer', family: 'puppeteer', fromHour: 12, toHour: 24, dearer: 2 },
  { name: 'black-forest-labs is 6 times slower', family: 'black-forest-labs', fromHour: 14, toHour: 16, slower: 6 },
  {
    name: 'hedra loses answers',
    family: 'hedra',
    fromHour: 17,
    toHour: 19,
    fails: { share: 0.6, kind: 'submission-unknown', afterSeconds: 30 },
  },
  {
    name: 'flux-ultra is away',
    family: 'black-forest-labs',
    model: 'flux-pro-1.1-ultra',
    fromHour: 19,
    toHour: 20,
    fails: { share: 1, kind: 'failed', afterSeconds: 12 },
  },
];
