import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VendorErrorFilter } from '../http/vendor-error.js';
import { credentialOf } from './credential.js';
import { notFound, traceId } from './errors.js';
import { HedraFiles } from './files.js';
import { HedraJobs, type JobsQuery } from './jobs.js';
import { models, modelWire, voices } from './models.js';
import { HedraStream } from './stream.js';
import { HedraSubmits } from './submits.js';
import { searchVoices, type VoiceQuery } from './voice-search.js';
import { HedraWebhooks } from './webhooks.js';

/** https://api.hedra.com, interface v3. */
@Controller('hedra/v3')
@UseFilters(VendorErrorFilter)
export class HedraController {
  constructor(
    @Inject(HedraSubmits) private readonly submits: HedraSubmits,
    @Inject(HedraFiles) private readonly files: HedraFiles,
    @Inject(HedraJobs) private readonly jobs: HedraJobs,
    @Inject(HedraStream) private readonly streams: HedraStream,
    @Inject(HedraWebhooks) private readonly webhooks: HedraWebhooks,
  ) {}

  @Post('files')
  @HttpCode(201)
  upload(@Req() request: FastifyRequest, @Body() body: unknown) {
    return this.files.upload(credentialOf(request), request, body);
  }

  @Get('models')
  list(@Req() request: FastifyRequest, @Query('modality') modality?: string) {
    credentialOf(request);
    const all = Object.entries(models).map(([id, model]) => modelWire(id, model));
    return { data: all.filter((model) => !modality || model.modality === modality), next_cursor: null };
  }

  @Get('models/:model')
  model(@Req() request: FastifyRequest, @Param('model') id: string) {
    credentialOf(request);
    const model = models[id];
    if (!model) throw notFound('model');
    return modelWire(id, model);
  }

  @Get('models/:model/voices')
  voices(@Req() request: FastifyRequest, @Param('model') id: string) {
    credentialOf(request);
    if (models[id]?.kind !== 'speech') throw notFound('model');
    return { data: voices, next_cursor: null };
  }

  @Get('models/:model/voices/search')
  search(@Req() request: FastifyRequest, @Param('model') id: string, @Query() query: VoiceQuery) {
    credentialOf(request);
    if (models[id]?.kind !== 'speech') throw notFound('model');
    return { data: searchVoices(query), next_cursor: null };
  }

  @Get('models/:model/jobs')
  jobsOf(@Req() request: FastifyRequest, @Param('model') id: string, @Query() query: JobsQuery) {
    const credential = credentialOf(request);
    if (!models[id]) throw notFound('model');
    return this.jobs.list(credential, query, id);
  }

  @Post('models/:model/estimate')
  @HttpCode(200)
  estimate(@Req() request: FastifyRequest, @Param('model') id: string, @Body() body: unknown) {
    return this.submits.estimate(credentialOf(request), id, body);
  }

  @Post('models/:model')
  @HttpCode(202)
  async submit(
    @Req() request: FastifyRequest,
    @Param('model') model: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const ack = await this.submits.submit(credentialOf(request), model, request, body);
    reply.headers({ location: ack.result_url, 'x-trace-id': traceId() });
    return ack;
  }

  @Get('jobs')
  all(@Req() request: FastifyRequest, @Query() query: JobsQuery) {
    return this.jobs.list(credentialOf(request), query);
  }

  @Get('jobs/:id')
  job(@Req() request: FastifyRequest, @Param('id') id: string) {
    return this.jobs.of(this.jobs.find(credentialOf(request), id));
  }

  @Get('jobs/:id/status')
  status(@Req() request: FastifyRequest, @Param('id') id: string) {
    return this.jobs.status(this.jobs.find(credentialOf(request), id));
  }

  @Get('jobs/:id/stream')
  async stream(@Req() request: FastifyRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const task = this.jobs.find(credentialOf(request), id);
    await reply.header('content-type', 'text/event-stream').send(Readable.from(this.streams.of(task)));
  }

  @Get('balance')
  balance(@Req() request: FastifyRequest) {
    credentialOf(request);
    return { balance: 1_000, currency: 'USD' };
  }

  @Get('webhooks/public-key')
  publicKey(@Req() request: FastifyRequest) {
    credentialOf(request);
    return this.webhooks.publicKey();
  }
}
