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
import { CustomerUrls } from './customer-urls.js';
import type { Generation } from './generation.type.js';
import type { GenerationConnection } from './generation-connection.type.js';
import { type AskedPage, parsePage, toConnection } from './pages.js';
import type { Quote } from './quote.type.js';

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

  async create({ accountId, mode, limits }: Principal, request: Create): Promise<Generation> {
    this.urls.check(request.input);
    const created = await this.bus.request(generations.create, { accountId, mode, limits, ...request }, CREATE_MS);
    noteGeneration(created.id);
    this.logger.info('generation accepted', { accountId, provider: created.provider, model: created.model });
    return this.toGeneration(created);
  }

  async get({ accountId }: Principal, id: string): Promise<Generation> {
    if (id.length > LONGEST_ID) throw new DoitongError('NOT_FOUND', 'There is no generation of this id.');
    return this.toGeneration(await this.bus.request(generations.get, { accountId, id }));
  }

  async quote({ accountId, mode }: Principal, input: Create['input']): Promise<Quote> {
    this.urls.check(input);
    return this.bus.request(generations.quote, { accountId, mode, input });
  }

  async list({ accountId }: Principal, asked: AskedPage): Promise<GenerationConnection> {
    const page = parsePage(asked);
    const reply = await this.bus.request(generations.list, { accountId, ...page });
    return toConnection(
      reply.generations.map((each) => this.toGeneration(each)),
      reply,
      page,
    );
  }

  /** Whether it was cancelled; false when it had ended already. */
  async cancel({ accountId }: Principal, id: string): Promise<boolean> {
    if (id.length > LONGEST_ID) throw new DoitongError('NOT_FOUND', 'There is no generation of this id.');
    return (await this.bus.request(generations.cancel, { accountId, id })).cancelled;
  }

  private toGeneration({ assetKey, ...generation }: Contracted): Generation {
    const url = assetKey === null ? null : this.signer.sign(assetKey);
    return { ...generation, url, errorCode: generation.error?.code ?? null };
  }
}
