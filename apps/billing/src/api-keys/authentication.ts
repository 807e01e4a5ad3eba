import { timingSafeEqual } from 'node:crypto';
import { DoitongError, type Principal } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { ApiKeysRepository } from './api-keys.repository.js';
import { LastUses } from './last-uses.js';

/** Who stands behind a key. */
@Injectable()
export class Authentication {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly uses: LastUses,
  ) {}

  /**
   * `keyHash`: hex SHA-256 of the key. UNAUTHENTICATED when unknown, revoked or expired, FORBIDDEN when the account is not active.
   * The unique index finds the row by the hash of the secret: how long that takes can tell of a stored hash at most, from which no secret
   * can be had. The comparison of the whole hash takes the same time wherever it differs.
   */
  async authenticate(keyHash: string): Promise<Principal> {
    const wanted = Buffer.from(keyHash, 'hex');
    const found = await this.keys.findPrincipal(wanted);
    if (!found || !timingSafeEqual(found.hash, wanted)) {
      throw new DoitongError('UNAUTHENTICATED', 'This API key is not valid.');
    }
    const { hash: _, expired, accountStatus, requestsPerMinute, concurrent, perDay, ...principal } = found;
    if (expired) throw new DoitongError('UNAUTHENTICATED', 'This API key has expired.');
    if (accountStatus !== 'ACTIVE') throw new DoitongError('FORBIDDEN', 'This account is not active.');
    this.uses.note(principal.keyId);
    return { ...principal, limits: { requestsPerMinute, concurrent, perDay } };
  }
}
