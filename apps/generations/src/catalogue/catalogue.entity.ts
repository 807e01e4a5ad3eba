import type { FamilyManifest, Mode, ModelManifest, ProviderManifest } from '@doitong/contracts';

/** A family's manifest and the modes in which some worker of it is alive. */
export interface CatalogueEntry {
  manifest: FamilyManifest;
  modes: Mode[];
}

/** One way to serve a request: a model, of a provider, of a family. */
export interface Candidate {
  family: string;
  provider: ProviderManifest;
  model: ModelManifest;
  available: boolean;
}
