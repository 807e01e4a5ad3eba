import { type ApiKey, admin, type Mode, type Scope } from '@doitong/contracts';
import type { Command } from 'commander';
import { Noun } from '../noun.js';
import { SECONDS_AN_HOUR, whole, words } from '../values.js';

export function key(program: Command): void {
  new Noun(program, 'key', 'API keys; a secret is shown once')
    .verb<{ mode: Mode; scopes?: string; expires?: string }>(
      'issue <accountId>',
      'a new key',
      {
        required: { '--mode <mode>': 'live or test' },
        optional: {
          '--scopes <list>': 'some of generate,read,webhooks,billing (default: all)',
          '--expires <instant>': 'ISO 8601 (default: never)',
        },
      },
      async (ask, { mode, scopes, expires: expiresAt }, accountId = '') =>
        shown(await ask(admin.key.issue, { accountId, mode, scopes: words(scopes) as Scope[] | undefined, expiresAt })),
    )
    .verb(
      'list <accountId>',
      'its keys, the newest first',
      {},
      async (ask, _options, accountId = '') => (await ask(admin.key.list, { accountId })).keys,
    )
    .verb<{ overlapHours?: string }>(
      'rotate <keyId>',
      'a new key in place of this one, which is let in for a while yet',
      { optional: { '--overlap-hours <n>': 'for how long (default: 24)' } },
      async (ask, { overlapHours = '24' }, keyId = '') =>
        shown(await ask(admin.key.rotate, { keyId, overlapSeconds: whole(overlapHours) * SECONDS_AN_HOUR })),
    )
    .verb(
      'revoke <keyId>',
      'lets it in nowhere any more',
      {},
      async (ask, _options, keyId = '') => (await ask(admin.key.revoke, { keyId })).key,
    );
}

const shown = ({ key, secret }: { key: ApiKey; secret: string }) => ({ secret, ...key });
