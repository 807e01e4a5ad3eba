import { invalidInput } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import type { By } from '../operator/audit.js';
import { Randomness } from '../randomness.js';
import { SecretsRepository, type Signed, signerOf } from './secrets.repository.js';

const SECRET_BYTES = 32;
const OVERLAP_SECONDS = 86_400;
/** That sign at once: each is a signature in a header. */
const MOST_LIVE = 5;

@Injectable()
export class SecretsService {
  constructor(
    private readonly repository: SecretsRepository,
    private readonly randomness: Randomness,
  ) {}

  /**
   * The live secrets that sign these deliveries, by `signerOf`, the newest first. An account's default is made when first needed;
   * those of an endpoint that was deleted are missing.
   */
  async of(deliveries: Signed[]): Promise<Map<string, string[]>> {
    const signers = [...new Set(deliveries.map(signerOf))];
    const known = await this.repository.find(signers);
    const defaults = new Set(deliveries.filter(({ endpointId }) => endpointId === null).map(signerOf));
    const missing = signers.filter((signer) => defaults.has(signer) && !known.has(signer));
    if (missing.length === 0) return known;
    await this.repository.add(new Map(missing.map((signer) => [signer, this.make()])));
    return this.repository.find(signers);
  }

  /** `whsec_` and base64, as Standard Webhooks has it. */
  make(): string {
    return `whsec_${this.randomness.bytes(SECRET_BYTES).toString('base64')}`;
  }

  /** The new secret. INVALID_INPUT when too many would be live. */
  async rotate(signed: Signed, overlapSeconds = OVERLAP_SECONDS, by: By): Promise<string> {
    const secret = this.make();
    if (await this.repository.rotate(signed, secret, overlapSeconds, MOST_LIVE, by)) return secret;
    throw invalidInput('overlapSeconds', `${MOST_LIVE} secrets sign already. Rotate without an overlap, or later.`);
  }
}
