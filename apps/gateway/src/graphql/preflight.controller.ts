import { Controller, Headers, Options, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { corsHeaders } from './cors.js';

/** Of browsers: what a page may send is asked for before it is sent. */
const CACHED_SECONDS = 7_200;

@Controller('graphql')
export class PreflightController {
  @Options()
  async preflight(
    @Headers('access-control-request-headers') asked: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await reply
      .status(204)
      .headers({
        ...corsHeaders,
        'access-control-allow-methods': 'GET, POST',
        // Not `*`, which does not stand for Authorization.
        'access-control-allow-headers': asked ?? 'authorization',
        'access-control-max-age': CACHED_SECONDS,
      })
      .send();
  }
}
