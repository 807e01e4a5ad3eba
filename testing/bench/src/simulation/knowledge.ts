import type { AttemptFailure, ContentType } from '@doitong/contracts';
import type { Candidate } from '@doitong/generations/catalogue/catalogue.entity';
import { afterFault, type Circuit, isFault, TRIAL_MS, waitOf } from '@doitong/generations/circuits/circuit';
import { added, faded, healthOf, isModels, nothing, type Observed } from '@doitong/generations/model-health/observed';
import type { Vendor } from './world.js';

/** One attempt on its way, as the platform knows it. */
export interface Asked {
  accountId: string;
  candidate: Candidate;
  credential: string;
  askedAt: Date;
}

/**
 * What `generations` knows of the vendors, by its own functions, on a virtual clock. `learns` false: it goes by the manifests
 * alone, as if nothing were measured.
 */
export class Knowledge {
  private readonly observed = new Map<string, Observed & { at: Date }>();
  private readonly circuits = new Map<string, Circuit>();

  constructor(private readonly learns: boolean) {}

  candidates(vendors: Vendor[], type: ContentType, now: Date): Candidate[] {
    return vendors.flatMap(({ manifest: { family, providers }, credentials }) => {
      const waitMs = Math.min(...credentials.map((credential) => waitOf(this.circuits.get(credential), now)));
      const absence = waitMs === 0 ? null : { because: 'circuit open', retryAfterSeconds: Math.ceil(waitMs / 1_000) };
      return providers
        .filter((provider) => provider.type === type)
        .flatMap((provider) =>
          provider.models.map((model) => {
            const seen = this.observed.get(`${provider.id}/${model.id}`);
            const current = seen ? faded(seen, now.getTime() - seen.at.getTime()) : nothing;
            return { family, provider, model, absence, health: healthOf(current, model.expectedSeconds) };
          }),
        );
    });
  }

  /** As `attempt.begin`: one of the credentials whose circuits let an attempt through, as its trial where that is half-open. */
  begin(credentials: string[], now: Date, random: () => number): string {
    const free = credentials.filter((credential) => waitOf(this.circuits.get(credential), now) === 0);
    const credential = free[Math.floor(random() * free.length)]!;
    const circuit = this.circuits.get(credential);
    if (circuit?.openUntil) circuit.trialUntil = new Date(now.getTime() + TRIAL_MS);
    return credential;
  }

  /** The vendor took it. */
  served({ credential, askedAt }: Asked): void {
    const { openedAt } = this.circuits.get(credential) ?? {};
    if (!openedAt || openedAt <= askedAt) this.circuits.delete(credential);
  }

  succeeded({ candidate }: Asked, seconds: number, now: Date): void {
    this.note(candidate, { ...nothing, successes: 1, seconds }, now);
  }

  failed({ accountId, candidate, credential, askedAt }: Asked, failure: Pick<AttemptFailure, 'kind'>, now: Date): void {
    if (isModels(failure)) this.note(candidate, { ...nothing, failures: 1 }, now);
    if (!this.learns || !isFault(failure)) return;
    this.circuits.set(credential, afterFault(this.circuits.get(credential), { ...failure, accountId, askedAt }, now));
  }

  private note({ provider, model }: Candidate, news: Observed, now: Date): void {
    if (!this.learns) return;
    const name = `${provider.id}/${model.id}`;
    const seen = this.observed.get(name);
    const before = seen ? faded(seen, now.getTime() - seen.at.getTime()) : nothing;
    this.observed.set(name, { ...added(before, news), at: now });
  }
}
