import { DoitongError, type ErrorBody } from '@doitong/contracts';
import { httpStatusOf, Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { MercuriusError } from 'mercurius';
import { invalidRequest } from './invalid-request.js';

const LONGEST_MESSAGE = 500;
const SERVICE_UNAVAILABLE = 503;

interface Refusal {
  status: number;
  bodies: ErrorBody[];
  /** Where in the document each of them is. */
  at?: readonly GraphQLError[];
}

/** The one place where failures become GraphQL errors. What is not meant for customers is logged, and told as INTERNAL. */
@Injectable()
export class GraphqlErrors {
  constructor(private readonly logger: Logger) {}

  /** Answers a request of which nothing was executed: an HTTP status of its own, and no `data`. */
  refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, bodies, at = [] } = this.refusal(error, request);
    const errors = bodies.map((body, index) => formatted(body, at[index]));
    return reply.code(status).headers(headersOf(bodies)).send({ errors });
  }

  /** Formats the errors of an execution: HTTP 200, unless a limit or its variables kept it from doing anything. */
  format({ data, errors = [] }: ExecutionResult, request: FastifyRequest, reply: FastifyReply) {
    const bodies = errors.map((error) => this.bodyOf(error, request));
    const response = { data, errors: bodies.map((body, index) => formatted(body, errors[index])) };
    if (data) return { statusCode: 200, response };
    if (errors.every(({ path }) => !path)) return { statusCode: httpStatusOf.INVALID_INPUT, response };
    if (!bodies.every(({ code }) => code === 'RATE_LIMIT')) return { statusCode: 200, response };
    reply.headers(headersOf(bodies));
    return { statusCode: httpStatusOf.RATE_LIMIT, response };
  }

  private refusal(error: unknown, request: FastifyRequest): Refusal {
    if (error instanceof DoitongError) {
      const body = this.told(error);
      return { status: body.code === 'INTERNAL' ? SERVICE_UNAVAILABLE : httpStatusOf[body.code], bodies: [body] };
    }
    const { errors, statusCode, message } = error as Partial<MercuriusError & FastifyError>;
    const at = error instanceof GraphQLError ? [error] : (errors as GraphQLError[] | undefined);
    if (at) {
      const bodies = at.map((one) => this.bodyOf(one, request));
      return { status: statusCode ?? httpStatusOf.INVALID_INPUT, bodies, at };
    }
    if (statusCode && statusCode >= 400 && statusCode < 500) {
      return { status: statusCode, bodies: [new DoitongError('INVALID_INPUT', message ?? '').body] };
    }
    return { status: httpStatusOf.INTERNAL, bodies: [this.told(error)] };
  }

  /** Without a path, the request itself is at fault; with one, a resolver failed, or an argument that it was to get. */
  private bodyOf(error: GraphQLError, request: FastifyRequest): ErrorBody {
    const { originalError } = error;
    if (error.path && !(originalError instanceof GraphQLError)) return this.told(originalError ?? error);
    return invalidRequest(error, request);
  }

  private told(error: unknown): ErrorBody {
    const failure = DoitongError.of(error);
    if (failure.code === 'INTERNAL') this.logger.error('GraphQL request failed', { error: failure.cause ?? failure });
    return failure.body;
  }
}

function formatted({ message, ...extensions }: ErrorBody, at?: GraphQLError): GraphQLFormattedError {
  return {
    message: message.slice(0, LONGEST_MESSAGE),
    ...(at?.locations ? { locations: at.locations } : {}),
    ...(at?.path ? { path: at.path } : {}),
    extensions,
  };
}

function headersOf(bodies: ErrorBody[]): Record<string, string> {
  const retryAfter = Math.max(...bodies.map(({ retryAfter = 0 }) => retryAfter));
  return {
    ...(retryAfter > 0 ? { 'retry-after': String(Math.ceil(retryAfter)) } : {}),
    ...(bodies.some(({ code }) => code === 'UNAUTHENTICATED') ? { 'www-authenticate': 'Bearer' } : {}),
  };
}
