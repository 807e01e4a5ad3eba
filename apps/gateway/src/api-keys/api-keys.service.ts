import {
  billing,
  DoitongError,
  invalidInput,
  MOST_KEYS,
  type Mode,
  type Principal,
  type Scope,
  type ApiKey as Told,
} from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { AskedPage } from '../graphql/pages.js';
import type { ApiKey, ApiKeyCreateInput, ApiKeyWithSecret } from './api-key.type.js';

/** The keys of an account, managed by one of them: billing holds it to its own powers. */
@Injectable()
export class OwnKeysService {
  constructor(private readonly bus: MessageBus) {}

  async list({ keyId: by }: Principal, { first, after }: AskedPage): Promise<ApiKey[]> {
    if (first != null && (first < 1 || first > MOST_KEYS)) {
      throw invalidInput('first', `\`first\` may be 1 to ${MOST_KEYS}.`, { minimum: 1, maximum: MOST_KEYS });
    }
    const page = { ...(first == null ? {} : { first }), ...(after == null ? {} : { after: knownId(after) }) };
    return (await this.bus.request(billing.key.list, { by, ...page })).keys.map(toApiKey);
  }

  async create({ keyId: by }: Principal, { mode, scopes, expiresAt }: ApiKeyCreateInput): Promise<ApiKeyWithSecret> {
    const { key, secret } = await this.bus.request(billing.key.issue, {
      by,
      mode: mode.toLowerCase() as Mode,
      ...(scopes ? { scopes: [...new Set(scopes)].map((scope) => scope.toLowerCase() as Scope) } : {}),
      ...(expiresAt ? { expiresAt } : {}),
    });
    return { secret, key: toApiKey(key) };
  }

  async rotate({ keyId: by }: Principal, id: string, overlapSeconds?: number | null): Promise<ApiKeyWithSecret> {
    const overlap = overlapSeconds == null ? {} : { overlapSeconds };
    const { key, secret } = await this.bus.request(billing.key.rotate, { by, keyId: knownId(id), ...overlap });
    return { secret, key: toApiKey(key) };
  }

  async revoke({ keyId: by }: Principal, id: string): Promise<ApiKey> {
    return toApiKey((await this.bus.request(billing.key.revoke, { by, keyId: knownId(id) })).key);
  }
}

const toApiKey = ({ mode, scopes, ...key }: Told): ApiKey => ({
  ...key,
  mode: mode.toUpperCase() as Uppercase<Mode>,
  scopes: scopes.map((scope) => scope.toUpperCase() as Uppercase<Scope>),
});

/** NOT_FOUND for what no key has as its id. */
function knownId(id: string): string {
  if (/^key_[0-9a-f]{32}$/.test(id)) return id;
  throw new DoitongError('NOT_FOUND', 'There is no such API key.', { field: 'id' });
}
