import { createHash, randomBytes } from 'node:crypto';
import type { Mode } from '@doitong/contracts';
import { Ids } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** What is kept of an API key. */
export interface NewApiKey {
  id: string;
  mode: Mode;
  /** SHA-256 of the secret. The secret has 192 random bits, so that a slow hash would add nothing. */
  hash: Buffer;
  prefix: string;
  lastFour: string;
}

const SHOWN = 'dt_test_'.length + 4;

@Injectable()
export class ApiKeyFactory {
  constructor(private readonly ids: Ids) {}

  /** A new key: `dt_live_` or `dt_test_` and 32 URL-safe characters. */
  make(mode: Mode): { secret: string; key: NewApiKey } {
    const secret = `dt_${mode}_${randomBytes(24).toString('base64url')}`;
    const hash = createHash('sha256').update(secret).digest();
    const key = { id: this.ids.next('key'), mode, hash, prefix: secret.slice(0, SHOWN), lastFour: secret.slice(-4) };
    return { secret, key };
  }
}
