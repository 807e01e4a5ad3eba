import { createHash, randomBytes } from 'node:crypto';
import { type Mode, type Scope, scopes } from '@doitong/contracts';
import { Ids } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** What a key may do, and until when; null: it does not expire. */
export interface Powers {
  mode: Mode;
  scopes: Scope[];
  expiresAt: string | null;
}

/** What is kept of an API key. */
export interface NewApiKey extends Powers {
  id: string;
  /** SHA-256 of the secret. The secret has 192 random bits, so that a slow hash would add nothing. */
  hash: Buffer;
  prefix: string;
  lastFour: string;
}

const SHOWN = 'dt_test_'.length + 4;

/** All that a key of this mode can do, for ever. */
export const allPowers = (mode: Mode): Powers => ({ mode, scopes: [...scopes], expiresAt: null });

@Injectable()
export class ApiKeyFactory {
  constructor(private readonly ids: Ids) {}

  /** A new key: `dt_live_` or `dt_test_` and 32 URL-safe characters. */
  make(powers: Powers): { secret: string; key: NewApiKey } {
    const secret = `dt_${powers.mode}_${randomBytes(24).toString('base64url')}`;
    const hash = createHash('sha256').update(secret).digest();
    const key = {
      ...powers,
      id: this.ids.next('key'),
      hash,
      prefix: secret.slice(0, SHOWN),
      lastFour: secret.slice(-4),
    };
    return { secret, key };
  }
}
