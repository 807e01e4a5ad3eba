import { DoitongError, type Principal } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { ApiKeysRepository } from './api-keys.repository.js';

@Injectable()
export class ApiKeysService {
  constructor(private readonly keys: ApiKeysRepository) {}

  /** `keyHash`: hex SHA-256 of the key. UNAUTHENTICATED when unknown or revoked, FORBIDDEN when the account is not active. */
  async authenticate(keyHash: string): Promise<Principal> {
    const found = await this.keys.findPrincipal(Buffer.from(keyHash, 'hex'));
    if (!found) throw new DoitongError('UNAUTHENTICATED', 'This API key is not valid.');
    const { accountStatus, requestsPerMinute, concurrent, perDay, ...principal } = found;
    if (accountStatus !== 'ACTIVE') throw new DoitongError('FORBIDDEN', 'This account is not active.');
    return { ...principal, limits: { requestsPerMinute, concurrent, perDay } };
  }
}
