import {
  type Generation as Contracted,
  DoitongError,
  generations,
  type Principal,
  type RequestOf,
} from '@doitong/contracts';
import { AssetUrlSigner } from '@doitong/media';
import { Logger, MessageBus, noteGeneration } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { type AskedPage, parsePage, toConnection } from '../graphql/pages.js';
import { CustomerUrls } from './customer-urls.js';
import type { Generation } from './generation.type.js';
import type { GenerationConnection, GenerationFilter } from './generation-connection.type.js';
import type { Quote } from './quote.type.js';
import { withoutNulls } from './without-nulls.js';

/** A repeat waits this long for the first request of its idempotency key to be decided. */
const CREATE_MS = 25_000;
const LONGEST_ID = 100;

type Create = Pick<RequestOf<typeof generations.create>, 'input' | 'idempotency'>;

@Injectable()
export class GenerationsService {
  constructor(
    private readonly bus: MessageBus,
    private readonly signer: AssetUrlSigner,
    private readonly urls: CustomerUrls,
    private readonly logger: Logger,
  ) {}

  async create({ accountId, plan, mode, limits }: Principal, request: Create): Promise<Generation> {
    this.urls.check(request.input);
    const asked = { accountId, plan, mode, limits, ...request };
    const created = await this.bus.request(generations.create, asked, CREATE_MS);
    noteGeneration(created.id);
    this.logger.info('generation accepted', { accountId, provider: created.provider, model: created.model });
    return this.toGeneration(created);
  }

  async get({ accountId, mode }: Principal, id: string): Promise<Generation> {
    if (id.length > LONGEST_ID) throw new DoitongError('NOT_FOUND', 'There is no generation of this id.');
    return this.toGeneration(await this.bus.request(generations.get, { accountId, mode, id }));
  }

  async quote({ accountId, plan, mode }: Principal, input: Create['input']): Promise<Quote> {
    this.urls.check(input);
    return this.bus.request(generations.quote, { accountId, plan, mode, input });
  }

  async list(
    { accountId, mode }: Principal,
    { filter, ...asked }: AskedPage & { filter?: GenerationFilter | null },
  ): Promise<GenerationConnection> {
    const { status, ...rest } = withoutNulls(filter ?? {});
    const page = parsePage(asked, /^gen_[0-9a-f]{32}$/);
    const request = { filter: { ...rest, ...(status ? { status: [...new Set(status)] } : {}) }, ...page };
    const { generations: found, more } = await this.bus.request(generations.list, { accountId, mode, ...request });
    const nodes = found.map((each) => this.toGeneration(each));
    return toConnection(nodes, more, page);
  }

  /** Whether it was cancelled; false when it had ended already. */
  async cancel({ accountId, mode }: Principal, id: string): Promise<boolean> {
    if (id.length > LONGEST_ID) throw new DoitongError('NOT_FOUND', 'There is no generation of this id.');
    return (await this.bus.request(generations.cancel, { accountId, mode, id })).cancelled;
  }

  private toGeneration({ assetKey, ...generation }: Contracted): Generation {
    const url = assetKey === null ? null : this.signer.sign(assetKey);
    const { status, creditCost, error } = generation;
    const billed = (status === 'COMPLETED' || status === 'CANCELLED') && creditCost > 0;
    return { ...generation, url, billed, errorCode: error?.code ?? null };
  }
}
