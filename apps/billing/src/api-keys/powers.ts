import { DoitongError } from '@doitong/contracts';
import type { Powers } from './api-key-factory.js';

/** FORBIDDEN unless `powers` are within those of the key that would give, take or renew them. */
export function keepWithin(own: Powers, powers: Powers): void {
  const lacking = powers.scopes.filter((scope) => !own.scopes.includes(scope));
  if (lacking.length > 0) throw beyond(`the scope ${lacking.join(', ')}, which the key that asks does not have`);
  if (own.mode === 'test' && powers.mode === 'live') throw beyond('mode live, as the key that asks is a test key');
  if (own.expiresAt && (!powers.expiresAt || Date.parse(powers.expiresAt) > Date.parse(own.expiresAt))) {
    throw beyond(`longer than ${own.expiresAt}, when the key that asks expires`);
  }
}

function beyond(what: string): DoitongError {
  return new DoitongError('FORBIDDEN', `A key manages keys within its own powers only; this one would have ${what}.`);
}
