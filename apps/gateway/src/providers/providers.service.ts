import { type ContentType, DoitongError, generations } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Provider } from './provider.type.js';
import { toProvider } from './to-provider.js';

const KNOWN_MS = 5_000;

/** The catalogue, asked for once in a few seconds and whenever it changed. */
@Injectable()
export class ProvidersService {
  private readonly cache = new LRUCache<'all', Promise<Provider[]>>({ max: 1, ttl: KNOWN_MS });

  constructor(private readonly bus: MessageBus) {}

  async list(type?: ContentType | null): Promise<Provider[]> {
    const all = await (this.cache.get('all') ?? this.load());
    return type ? all.filter((provider) => provider.type === type) : all;
  }

  /** By id or alias, in whatever case. NOT_FOUND. */
  async get(name: string): Promise<Provider> {
    const wanted = name.toLowerCase();
    const found = (await this.list()).find(({ id, aliases }) => id === wanted || aliases.includes(wanted));
    if (!found) throw new DoitongError('NOT_FOUND', 'There is no provider of this name.', { field: 'id' });
    return found;
  }

  forget(): void {
    this.cache.clear();
  }

  private load(): Promise<Provider[]> {
    const loading = this.bus.request(generations.providers, {}).then(({ providers }) => providers.map(toProvider));
    this.cache.set('all', loading);
    loading.catch(() => {
      if (this.cache.peek('all') === loading) this.cache.clear();
    });
    return loading;
  }
}
