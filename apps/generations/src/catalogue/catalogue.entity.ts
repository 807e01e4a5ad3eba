import type { FamilyManifest, Mode, ModelManifest, ProviderManifest } from '@doitong/contracts';

/** A family's manifest and the modes in which some worker of it is alive. */
export interface CatalogueEntry {
  manifest: FamilyManifest;
  modes: Mode[];
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
  model: ModelManifest;
  /** Null when it is there for this mode. */
  absence: Absence | null;
}
