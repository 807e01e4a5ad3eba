import { Controller, Get, Inject, Param, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { faultsOf } from '../faults/faults.js';
import { VendorError, VendorErrorFilter } from '../http/vendor-error.js';
import { MediaStore } from '../media/media-store.js';
import { TaskStore } from '../tasks/task-store.js';
import { VirtualClock } from '../time/virtual-clock.js';
import { corruptBytes } from './corrupt.js';
import { Links } from './links.js';
import { rangeOf } from './range.js';

/** As object stores word it. */
const denied = (code: string) =>
  new VendorError(403, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`, {
    'content-type': 'application/xml',
  });

interface FileParams {
  family: string;
  id: string;
  output: string;
  name: string;
}

@Controller('files')
@UseFilters(VendorErrorFilter)
export class FilesController {
  constructor(
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(MediaStore) private readonly media: MediaStore,
    @Inject(Links) private readonly links: Links,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
  ) {}

  @Get(':family/:id/:output/:name')
  async read(
    @Param() { family, id, output }: FileParams,
    @Query() { se = '', sig = '' }: { se?: string; sig?: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const path = request.url.split('?')[0] ?? '';
    if (!this.links.isGood(path, se, sig, this.clock.now())) throw denied('AccessDenied');
    const task = this.tasks.find(family, id);
    const spec = task?.outputs[Number(output)];
    if (!task || !spec) throw denied('NoSuchKey');
    const faults = faultsOf(task);
    if (faults.has('dead-url')) throw denied('ExpiredToken');
    const file = await this.media.file(spec);
    reply.header('content-type', file.contentType).header('accept-ranges', 'bytes');
    if (faults.has('corrupt-file')) {
      await reply.send(corruptBytes);
      return;
    }
    const range = rangeOf(request.headers.range, file.bytes);
    if (range === 'unsatisfiable') {
      await reply.status(416).header('content-range', `bytes */${file.bytes}`).send();
      return;
    }
    const { start, end } = range ?? { start: 0, end: file.bytes - 1 };
    if (range) reply.status(206).header('content-range', `bytes ${start}-${end}/${file.bytes}`);
    await reply.header('content-length', end - start + 1).send(await this.media.content(file, start, end));
  }
}
