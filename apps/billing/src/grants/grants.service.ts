import type { Grant } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { GrantsRepository } from './grants.repository.js';

const MOST_LISTED = 500;

@Injectable()
export class GrantsService {
  constructor(private readonly grants: GrantsRepository) {}

  /** Those of which something is left, at most 500, in the order in which they are used up. */
  async list(accountId: string): Promise<Grant[]> {
    const grants = await this.grants.list(accountId, MOST_LISTED);
    return grants.map(({ expiresAt, createdAt, ...grant }) => ({
      ...grant,
      expiresAt: expiresAt?.toISOString() ?? null,
      createdAt: createdAt.toISOString(),
    }));
  }
}
