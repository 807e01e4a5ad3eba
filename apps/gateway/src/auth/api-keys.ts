import { hash } from 'node:crypto';
import { billing, DoitongError, type Principal } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

const KNOWN_MS = 5_000;
const REFUSED_MS = 1_000;
const MOST_KEYS = 10_000;
/** For so long it is known that a key was accepted once, longer than who it is. */
const ACCEPTED_MS = 3_600_000;
const MOST_ACCEPTED = 100_000;

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

  private readonly accepted = new LRUCache<string, true>({ max: MOST_ACCEPTED, ttl: ACCEPTED_MS });

  constructor(private readonly bus: MessageBus) {}

  /** Whether this key was accepted within the last hour, by this process: it is no guess, and is worth a look. */
  wasAccepted(authorization: string | undefined): boolean {
    const keyHash = hashOf(authorization);
    return keyHash !== undefined && this.accepted.has(keyHash);
  }

  /** `authorization`: the header of that name. UNAUTHENTICATED or FORBIDDEN; INTERNAL while billing does not answer. */
  async principalOf(authorization: string | undefined): Promise<Principal> {
    const keyHash = hashOf(authorization);
    if (!keyHash) throw new DoitongError('UNAUTHENTICATED', 'Send your API key as `Authorization: Bearer dt_…`.');
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
        this.accepted.set(keyHash, true);
        if (!keyExpiresAt || this.lookUps.peek(keyHash) !== lookUp) return;
        const ttl = Math.min(KNOWN_MS, Math.max(1, Date.parse(keyExpiresAt) - Date.now()));
        this.lookUps.set(keyHash, lookUp, { ttl });
      },
      (error) => {
        const isOurs = DoitongError.of(error).code === 'INTERNAL';
        if (!isOurs) this.accepted.delete(keyHash);
        if (this.lookUps.peek(keyHash) !== lookUp) return;
        if (isOurs) this.lookUps.delete(keyHash);
        else this.lookUps.set(keyHash, lookUp, { ttl: REFUSED_MS });
      },
    );
    return lookUp;
  }
}

/** Of the key in a header; undefined where there is none in it. */
function hashOf(authorization = ''): string | undefined {
  const key = /^Bearer +(dt_[\w-]{1,200})$/i.exec(authorization)?.[1];
  return key && hash('sha256', key, 'hex');
}
