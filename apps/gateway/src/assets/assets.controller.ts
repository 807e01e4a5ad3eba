import { type AssetStore, AssetUrlSigner, serveAsset } from '@doitong/media';
import { Controller, Get, Head, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ASSET_STORE } from '../tokens.js';

type AssetUrl = { Params: { '*': string }; Querystring: Record<string, unknown> };

@Controller('assets')
export class AssetsController {
  constructor(
    @Inject(ASSET_STORE) private readonly store: AssetStore,
    private readonly signer: AssetUrlSigner,
  ) {}

  // Before GET: Fastify would otherwise make a HEAD of it that tells no length.
  @Head('*')
  head(@Req() request: FastifyRequest<AssetUrl>, @Res() reply: FastifyReply): Promise<void> {
    return this.serve(request, reply);
  }

  @Get('*')
  get(@Req() request: FastifyRequest<AssetUrl>, @Res() reply: FastifyReply): Promise<void> {
    return this.serve(request, reply);
  }

  private async serve(
    { method, params, query, headers }: FastifyRequest<AssetUrl>,
    reply: FastifyReply,
  ): Promise<void> {
    const { expires, signature } = query;
    const answer = await serveAsset(this.store, this.signer, { method, key: params['*'], expires, signature, headers });
    await reply.status(answer.status).headers(answer.headers).send(answer.body);
  }
}
