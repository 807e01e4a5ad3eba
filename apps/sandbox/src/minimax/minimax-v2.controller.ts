import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VendorErrorFilter } from '../http/vendor-error.js';
import { credentialOf } from './credential.js';
import { errorV2 } from './errors-v2.js';
import { trace } from './trace.js';
import { MinimaxVideosV2 } from './videos-v2.js';

/** https://api.minimax.io, interface V2: videos of MiniMax-H3, with an HTTP status that tells what an answer is worth. */
@Controller('minimax/v2')
@UseFilters(VendorErrorFilter)
export class MinimaxV2Controller {
  constructor(@Inject(MinimaxVideosV2) private readonly videos: MinimaxVideosV2) {}

  @Post('video_generation')
  @HttpCode(200)
  submit(@Req() request: FastifyRequest, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply) {
    trace(reply);
    return this.videos.submit(credentialOf(request, errorV2), request, body);
  }

  @Get('query/video_generation/:id')
  query(@Req() request: FastifyRequest, @Param('id') id: string, @Res({ passthrough: true }) reply: FastifyReply) {
    trace(reply);
    return this.videos.query(credentialOf(request, errorV2), id);
  }
}
