import type { Credentials, FamilyManifest, ModelManifest, ProviderManifest } from '@doitong/contracts';
import type { Health } from '../model-health/observed.js';

/** A family's manifest and the credentials that its living workers have. */
export interface CatalogueEntry {
  manifest: FamilyManifest;
  credentials: Credentials;
}

/** Why a model can serve nobody now, as a short phrase, and for how long at least. */
export interface Absence {
  because: string;
  retryAfterSeconds: number;
}

/** One way to serve a request: a model, of a provider, of a family. */
export interface Candidate {
  family: string;
  provider: ProviderManifest;
  /** At the price of the account that asks. */
  model: ModelManifest;
  /** Null when it is there for this mode. */
  absence: Absence | null;
  health: Health;
}
