import { hash } from 'node:crypto';
import { billing, DoitongError, type Principal } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

const KNOWN_MS = 5_000;
const REFUSED_MS = 1_000;
const MOST_KEYS = 10_000;

/** A look-up that is under way, or was made within the last seconds. */
interface LookUp {
  principal: Promise<Principal>;
  /** Known once the key was accepted. */
  accountId?: string;
}

/** Who stands behind an API key. Asks billing once in a few seconds a key, however many requests come with it. */
@Injectable()
export class ApiKeys {
  /** By hash: the keys themselves are kept nowhere. */
  private readonly lookUps = new LRUCache<string, LookUp>({ max: MOST_KEYS, ttl: KNOWN_MS });

  constructor(private readonly bus: MessageBus) {}

  /** `authorization`: the header of that name. UNAUTHENTICATED or FORBIDDEN; INTERNAL while billing does not answer. */
  async principalOf(authorization: string | undefined): Promise<Principal> {
    const key = /^Bearer +(dt_[\w-]{1,200})$/i.exec(authorization ?? '')?.[1];
    if (!key) throw new DoitongError('UNAUTHENTICATED', 'Send your API key as `Authorization: Bearer dt_…`.');
    const keyHash = hash('sha256', key, 'hex');
    return (this.lookUps.get(keyHash) ?? this.lookUp(keyHash)).principal;
  }

  /** From here on the keys of this account are looked up anew, also where a look-up is under way or failed. */
  forget(accountId: string): void {
    for (const [keyHash, lookUp] of this.lookUps.entries()) {
      if (lookUp.accountId === undefined || lookUp.accountId === accountId) this.lookUps.delete(keyHash);
    }
  }

  private lookUp(keyHash: string): LookUp {
    const lookUp: LookUp = { principal: this.bus.request(billing.authenticate, { keyHash }) };
    this.lookUps.set(keyHash, lookUp);
    lookUp.principal.then(
      ({ accountId, keyExpiresAt }) => {
        lookUp.accountId = accountId;
        if (!keyExpiresAt || this.lookUps.peek(keyHash) !== lookUp) return;
        const ttl = Math.min(KNOWN_MS, Math.max(1, Date.parse(keyExpiresAt) - Date.now()));
        this.lookUps.set(keyHash, lookUp, { ttl });
      },
      (error) => {
        if (this.lookUps.peek(keyHash) !== lookUp) return;
        if (DoitongError.of(error).code === 'INTERNAL') this.lookUps.delete(keyHash);
        else this.lookUps.set(keyHash, lookUp, { ttl: REFUSED_MS });
      },
    );
    return lookUp;
  }
}
