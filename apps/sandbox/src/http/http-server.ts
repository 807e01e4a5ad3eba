import type { ServerResponse } from 'node:http';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { MediaStore } from '../media/media-store.js';
import { VirtualClock } from '../time/virtual-clock.js';

/** Uploads of 100 MB are allowed by the vendors, and images come inside JSON. */
const bodyLimit = 110 * 1024 * 1024;

/** What the sandbox needs of the HTTP server that it is mounted on: large bodies, and at shutdown an end to all that waits. */
@Injectable()
export class HttpServer implements OnModuleInit {
  private readonly silent = new Set<ServerResponse>();
  private closing = false;

  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(VirtualClock) private readonly clock: VirtualClock,
    @Inject(MediaStore) private readonly media: MediaStore,
  ) {}

  onModuleInit(): void {
    const server: FastifyInstance = this.host.httpAdapter.getInstance();
    for (const type of ['application/json', 'multipart/form-data']) {
      if (server.hasContentTypeParser(type)) server.removeContentTypeParser(type);
    }
    server.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit }, (_request, text, done) =>
      done(null, parseJson(String(text))),
    );
    server.addContentTypeParser('multipart/form-data', { parseAs: 'buffer', bodyLimit }, (request, bytes, done) => {
      const headers = { 'content-type': request.headers['content-type'] ?? '' };
      new Response(bytes as Buffer<ArrayBuffer>, { headers }).formData().then(
        (form) => done(null, form),
        () => done(null, undefined),
      );
    });
    server.addHook('preClose', async () => {
      this.closing = true;
      for (const response of this.silent) response.destroy();
      this.clock.stop();
      await this.media.close();
    });
  }

  /** Leaves a request without an answer, until the sandbox ends. */
  hold(response: ServerResponse): void {
    if (this.closing) {
      response.destroy();
      return;
    }
    this.silent.add(response);
    response.on('close', () => this.silent.delete(response));
  }
}

/** Text that is no JSON stays text: the vendor's validation then refuses it in the vendor's form. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
