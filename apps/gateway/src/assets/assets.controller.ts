import { type AssetStore, AssetUrlSigner, serveAsset } from '@doitong/media';
import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ASSET_STORE } from '../tokens.js';

type AssetUrl = { Params: { '*': string }; Querystring: Record<string, unknown> };

@Controller('assets')
export class AssetsController {
  constructor(
    @Inject(ASSET_STORE) private readonly store: AssetStore,
    private readonly signer: AssetUrlSigner,
  ) {}

  // Every method, so that a wrong one is told which it may be; HEAD by itself, as Fastify would make one of GET that tells no length.
  @All('*')
  async serve(
    @Req() { method, params, query, headers }: FastifyRequest<AssetUrl>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { expires, signature } = query;
    const answer = await serveAsset(this.store, this.signer, { method, key: params['*'], expires, signature, headers });
    await reply.status(answer.status).headers(answer.headers).send(answer.body);
  }
}
