import { DoitongError, type ErrorCode } from '@doitong/contracts';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { throwError } from 'rxjs';
import type { Logger } from '../logging/logger.js';

export const httpStatusOf: Record<ErrorCode, number> = {
  INSUFFICIENT_CREDITS: 402,
  RATE_LIMIT: 429,
  INVALID_INPUT: 400,
  PROVIDER_UNAVAILABLE: 503,
  GENERATION_FAILED: 500,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  IDEMPOTENCY_CONFLICT: 409,
  CONTENT_REJECTED: 422,
  INTERNAL: 500,
};

/** Hands errors on to the transport that maps them: NATS and GraphQL as they are, HTTP as a status and `{ error }`. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): unknown {
    const transport = host.getType<'http' | 'rpc' | 'graphql'>();
    if (transport === 'rpc') return throwError(() => error);
    if (transport === 'graphql') return error;
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (error instanceof HttpException) return reply.status(error.getStatus()).send(error.getResponse());
    const failure = DoitongError.of(error);
    if (failure.code === 'INTERNAL') this.logger.error('HTTP request failed', { error: failure.cause ?? failure });
    return reply.status(httpStatusOf[failure.code]).send({ error: failure.body });
  }
}
