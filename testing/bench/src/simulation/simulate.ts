import {
  type ContentType,
  DoitongError,
  type FailureKind,
  type GenerateInput,
  type Priority,
} from '@doitong/contracts';
import { choose } from '@doitong/generations/choice/choice';
import { randomOf } from '@doitong/support';
import { type Asked, Knowledge } from './knowledge.js';
import type { Incident, Vendor } from './world.js';

/** One request and what became of it. */
export interface Served {
  hour: number;
  /** `provider/model`; null when nobody was there. */
  chosen: string | null;
  succeeded: boolean;
  /** Name of the incident that made it fail. */
  incident?: string;
  /** Until the result or the failure. */
  seconds: number;
  /** What is charged: nothing for a failure. */
  credits: number;
}

export interface Day {
  vendors: Vendor[];
  incidents: Incident[];
  priority: Priority;
  /** How many, evenly over the day. */
  choices: number;
  seed: number;
  /** Whether the platform learns from what it sees, or goes by the manifests alone. */
  learns: boolean;
}

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-01-01T00:00:00Z');
/** Until a vendor answers a submit. */
const SUBMIT_MS = 1_000;
const BASE_FAILURE_RATE = 0.015;
/** Customers, who ask in turn. */
const ACCOUNTS = 50;

const inputs: Record<ContentType, GenerateInput['input']> = {
  VIDEO: { text: 'a red fox in snow' },
  IMAGE: { text: 'a lighthouse at night' },
  AUDIO: { text: 'The kettle sings, and nobody hears it. '.repeat(10) },
  AVATAR: { text: 'Good morning to all of you.', image: 'https://example.com/portrait.png' },
};
/** Lives through a day of requests, each tried once: failover would hide what the choice is worth. */
export function simulate(day: Day): Served[] {
  const knowledge = new Knowledge(day.learns);
  const news: { atMs: number; tell: (now: Date) => void }[] = [];
  return Array.from({ length: day.choices }, (_, n) => {
    const atMs = START_MS + (n / day.choices) * 24 * HOUR_MS;
    news.sort((a, b) => a.atMs - b.atMs);
    while (news[0] && news[0].atMs <= atMs) {
      const { atMs: then, tell } = news.shift()!;
      tell(new Date(then));
    }
    return serve(day, n, new Date(atMs), knowledge, (afterMs, tell) => news.push({ atMs: atMs + afterMs, tell }));
  });
}

function serve(
  { vendors, incidents, priority, seed }: Day,
  n: number,
  now: Date,
  knowledge: Knowledge,
  later: (afterMs: number, tell: (now: Date) => void) => void,
): Served {
  // Each request has luck of its own, the same whatever is chosen for it.
  const random = randomOf(seed * 1_000_003 + n);
  const hour = (now.getTime() - START_MS) / HOUR_MS;
  const current = incidents.filter(({ fromHour, toHour }) => hour >= fromHour && hour < toHour);
  const types = [...new Set(vendors.flatMap(({ manifest }) => manifest.providers.map(({ type }) => type)))];
  const type = types[Math.floor(random() * types.length)]!;
  const announced = vendors.map((vendor) => priced(vendor, current));
  const choice = chosenOf(() =>
    choose(knowledge.candidates(announced, type, now), { type, priority, input: inputs[type] }),
  );
  if (!choice) return { hour, chosen: null, succeeded: false, seconds: 0, credits: 0 };

  const { candidate, credits } = choice;
  const { credentials } = vendors.find(({ manifest }) => manifest.family === candidate.family)!;
  const credential = knowledge.begin(credentials, now, random);
  const asked: Asked = { accountId: `${n % ACCOUNTS}`, candidate, credential, askedAt: now };
  const { kind, seconds, incident } = fate(asked, current, random);
  if (!kind || seconds > SUBMIT_MS / 1_000) {
    const refusedAtOnce = kind === 'unavailable' || kind === 'server-error' || kind === 'submission-unknown';
    if (!refusedAtOnce) later(SUBMIT_MS, () => knowledge.served(asked));
  }
  later(seconds * 1_000, (then) =>
    kind ? knowledge.failed(asked, { kind }, then) : knowledge.succeeded(asked, seconds, then),
  );
  const chosen = `${candidate.provider.id}/${candidate.model.id}`;
  return { hour, chosen, succeeded: !kind, incident, seconds, credits: kind ? 0 : credits };
}

/** What the vendor makes of it. */
function fate({ candidate, credential }: Asked, current: Incident[], random: () => number) {
  const own = current.filter(
    (incident) =>
      incident.family === candidate.family &&
      (incident.model ?? candidate.model.id) === candidate.model.id &&
      (incident.credential ?? credential) === credential,
  );
  const slower = own.reduce((factor, incident) => factor * (incident.slower ?? 1), 1);
  const seconds = candidate.model.expectedSeconds * slower * (0.8 + 0.4 * random());
  for (const { name, fails } of own) {
    if (fails && random() < fails.share) return { kind: fails.kind, seconds: fails.afterSeconds, incident: name };
  }
  const kind: FailureKind | undefined = random() < BASE_FAILURE_RATE ? 'failed' : undefined;
  return { kind, seconds };
}

function priced(vendor: Vendor, current: Incident[]): Vendor {
  const dearer = current.find((incident) => incident.family === vendor.manifest.family && incident.dearer)?.dearer;
  if (!dearer) return vendor;
  const providers = vendor.manifest.providers.map((provider) => ({
    ...provider,
    models: provider.models.map((model) => ({ ...model, price: scaled(model.price, dearer) })),
  }));
  return { ...vendor, manifest: { ...vendor.manifest, providers } };
}

function scaled<P extends { base: number; perSecond?: number }>(price: P, factor: number): P {
  return { ...price, base: price.base * factor, perSecond: (price.perSecond ?? 0) * factor };
}

function chosenOf<T>(choosing: () => T): T | undefined {
  try {
    return choosing();
  } catch (error) {
    if (error instanceof DoitongError && error.code === 'PROVIDER_UNAVAILABLE') return undefined;
    throw error;
  }
}
