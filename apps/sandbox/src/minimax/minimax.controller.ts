import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VendorErrorFilter } from '../http/vendor-error.js';
import { credentialOf } from './credential.js';
import { MinimaxImages } from './images.js';
import { MinimaxSpeech } from './speech.js';
import { trace } from './trace.js';
import { MinimaxVideos } from './videos.js';

/** https://api.minimax.io, interface V1: every answer is HTTP 200, `base_resp` tells what it is worth. */
@Controller('minimax/v1')
@UseFilters(VendorErrorFilter)
export class MinimaxController {
  constructor(
    @Inject(MinimaxVideos) private readonly videos: MinimaxVideos,
    @Inject(MinimaxImages) private readonly images: MinimaxImages,
    @Inject(MinimaxSpeech) private readonly speeches: MinimaxSpeech,
  ) {}

  @Post('video_generation')
  @HttpCode(200)
  async submit(@Req() request: FastifyRequest, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply) {
    trace(reply);
    return this.videos.submit(credentialOf(request), request, body);
  }

  @Get('query/video_generation')
  query(@Req() request: FastifyRequest, @Query('task_id') id = '', @Res({ passthrough: true }) reply: FastifyReply) {
    trace(reply);
    return this.videos.query(credentialOf(request), id);
  }

  @Get('files/retrieve')
  file(@Req() request: FastifyRequest, @Query('file_id') id = '', @Res({ passthrough: true }) reply: FastifyReply) {
    trace(reply);
    return this.videos.file(credentialOf(request), id);
  }

  @Get('files/retrieve_content')
  async content(@Req() request: FastifyRequest, @Query('file_id') id = '', @Res() reply: FastifyReply): Promise<void> {
    const { contentType, bytes } = await this.videos.content(credentialOf(request), id);
    await reply.header('content-type', contentType).send(bytes);
  }

  @Post('image_generation')
  @HttpCode(200)
  makeImage(@Req() request: FastifyRequest, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply) {
    trace(reply);
    return this.images.make(credentialOf(request), request, body);
  }

  @Post('t2a_v2')
  @HttpCode(200)
  speak(@Req() request: FastifyRequest, @Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply) {
    trace(reply);
    return this.speeches.make(credentialOf(request), request, body);
  }
}
