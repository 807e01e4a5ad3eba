import { Inject, Injectable } from '@nestjs/common';
import { Randomness } from '../randomness.js';
import { SecretsRepository } from './secrets.repository.js';

const SECRET_BYTES = 32;

@Injectable()
export class SecretsService {
  constructor(
    @Inject(SecretsRepository) private readonly repository: SecretsRepository,
    @Inject(Randomness) private readonly randomness: Randomness,
  ) {}

  /** Each account's default signing secret, `whsec_` and base64; made when first asked for. */
  async ofAccounts(accountIds: string[]): Promise<Map<string, string>> {
    const wanted = [...new Set(accountIds)];
    const known = await this.repository.find(wanted);
    const missing = wanted.filter((accountId) => !known.has(accountId));
    if (missing.length === 0) return known;
    await this.repository.add(new Map(missing.map((accountId) => [accountId, this.make()])));
    return this.repository.find(wanted);
  }

  private make(): string {
    return `whsec_${this.randomness.bytes(SECRET_BYTES).toString('base64')}`;
  }
}
