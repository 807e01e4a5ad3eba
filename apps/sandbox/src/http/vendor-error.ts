import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { HttpServer } from './http-server.js';

/** An answer in the vendor's form that ends the request: most often an error, whatever its HTTP status. */
export class VendorError extends Error {
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Record<string, string> = {},
  ) {
    super(`vendor answer ${status}`);
  }
}

/** What a gateway between client and vendor says in its own name: a page, whatever the client asked for. */
export const gatewayPage = (status: number, title: string) =>
  new VendorError(status, `<html><head><title>${status} ${title}</title></head><body>${title}</body></html>`, {
    'content-type': 'text/html; charset=utf-8',
  });

/** No answer: the connection breaks, or stays open and silent. */
export class Unanswered extends Error {
  constructor(readonly how: 'broken' | 'silent') {
    super(`no answer: ${how}`);
  }
}

@Catch(VendorError, Unanswered)
export class VendorErrorFilter implements ExceptionFilter {
  constructor(@Inject(HttpServer) private readonly server: HttpServer) {}

  catch(error: VendorError | Unanswered, host: ArgumentsHost): unknown {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof VendorError) return reply.status(error.status).headers(error.headers).send(error.body);
    reply.hijack();
    if (error.how === 'broken') reply.raw.destroy();
    else this.server.hold(reply.raw);
  }
}
