import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, UseFilters } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { fingerprint } from '../http/request.js';
import { VendorErrorFilter } from '../http/vendor-error.js';
import { OwnTasks } from '../tasks/own-tasks.js';
import { notAuthenticated } from './errors.js';
import { FluxResults, family } from './results.js';
import { FluxSubmits } from './submits.js';

/** https://api.bfl.ai */
@Controller('black-forest-labs')
@UseFilters(VendorErrorFilter)
export class BlackForestLabsController {
  constructor(
    @Inject(FluxSubmits) private readonly submits: FluxSubmits,
    @Inject(FluxResults) private readonly results: FluxResults,
    @Inject(OwnTasks) private readonly tasks: OwnTasks,
  ) {}

  @Get('v1/credits')
  credits(@Req() request: FastifyRequest) {
    credentialOf(request);
    return { credits: 1_000_000 };
  }

  /** The cluster that was submitted to: it knows the tasks that have no polling URL, and no others. */
  @Get('v1/get_result')
  guessed(@Req() request: FastifyRequest, @Query('id') id = '') {
    const task = this.tasks.find(family, credentialOf(request), id);
    return task?.callback ? this.results.of(task) : notFound(id);
  }

  @Get('cluster-1/v1/get_result')
  result(@Req() request: FastifyRequest, @Query('id') id = '') {
    const task = this.tasks.find(family, credentialOf(request), id);
    return task ? this.results.of(task) : notFound(id);
  }

  @Post('v1/:model')
  @HttpCode(200)
  submit(@Req() request: FastifyRequest, @Param('model') model: string, @Body() body: unknown) {
    return this.submits.submit(credentialOf(request), model, request, body);
  }
}

const notFound = (id: string) => ({
  id,
  status: 'Task not found',
  result: null,
  progress: null,
  details: null,
  preview: null,
});

function credentialOf(request: FastifyRequest): string {
  const key = request.headers['x-key'];
  if (typeof key !== 'string' || !key || key === 'invalid') throw notAuthenticated;
  return fingerprint(key);
}
