import type { Persistence } from '@doitong/service-kit';
import { CreateGenerations1763700000000 } from './migrations/1763700000000-create-generations.js';
import { AddBeginId1763800000000 } from './migrations/1763800000000-add-begin-id.js';
import { TellCandidates1763810000000 } from './migrations/1763810000000-tell-candidates.js';
import { AddCircuits1763820000000 } from './migrations/1763820000000-add-circuits.js';
import { AddModelHealth1763830000000 } from './migrations/1763830000000-add-model-health.js';
import { CreateQuotes1763840000000 } from './migrations/1763840000000-create-quotes.js';
import { KeepWhatWasAsked1763850000000 } from './migrations/1763850000000-keep-what-was-asked.js';
import { LetOperatorsChange1763900000000 } from './migrations/1763900000000-let-operators-change.js';
import { LetOperatorsSetPrices1763920000000 } from './migrations/1763920000000-let-operators-set-prices.js';
import { CountDeaths1763930000000 } from './migrations/1763930000000-count-deaths.js';
import { KnowWhoMetFaults1763941000000 } from './migrations/1763941000000-know-who-met-faults.js';
import { PriceByLength1763942000000 } from './migrations/1763942000000-price-by-length.js';
import { ChargeCancellations1763943000000 } from './migrations/1763943000000-charge-cancellations.js';
import { KnowPrices1763951000000 } from './migrations/1763951000000-know-prices.js';
import { PartModes1763952000000 } from './migrations/1763952000000-part-modes.js';

export const persistence: Persistence = {
  schema: 'generations',
  migrations: [
    CreateGenerations1763700000000,
    AddBeginId1763800000000,
    TellCandidates1763810000000,
    AddCircuits1763820000000,
    AddModelHealth1763830000000,
    CreateQuotes1763840000000,
    KeepWhatWasAsked1763850000000,
    LetOperatorsChange1763900000000,
    LetOperatorsSetPrices1763920000000,
    CountDeaths1763930000000,
    KnowWhoMetFaults1763941000000,
    PriceByLength1763942000000,
    ChargeCancellations1763943000000,
    KnowPrices1763951000000,
    PartModes1763952000000,
  ],
};
