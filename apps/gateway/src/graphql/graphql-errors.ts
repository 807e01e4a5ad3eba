import { DoitongError, type ErrorBody } from '@doitong/contracts';
import { httpStatusOf, Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type HttpRefusal, LARGEST_BODY } from './http-refusal.js';
import { type Asked, invalidRequest } from './invalid-request.js';
import { unnamed } from './media-types.js';

const LONGEST_MESSAGE = 500;
const SERVICE_UNAVAILABLE = 503;
const BODY_TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE';

interface Refusal {
  status: number;
  bodies: ErrorBody[];
  /** Where in the document each of them is. */
  at?: readonly GraphQLError[];
  headers?: Record<string, string>;
}

/** The one place where failures become GraphQL errors. What is not meant for customers is logged, and told as INTERNAL. */
@Injectable()
export class GraphqlErrors {
  constructor(private readonly logger: Logger) {}

  /** Answers a request of which nothing was executed: an HTTP status of its own, and no `data`. */
  refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, bodies, at = [], headers = {} } = this.refusal(error, request);
    const errors = bodies.map((body, index) => formatted(body, at[index]));
    return send({ errors }, request, reply.code(status).headers({ ...headersOf(bodies), ...headers }));
  }

  /** Answers with what an execution came to: HTTP 200, unless a limit or its variables kept it from doing anything. */
  answer({ data, errors }: ExecutionResult, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    if (!errors) return send({ data }, request, reply);
    const bodies = errors.map((error) => this.bodyOf(error, request));
    const response = { data, errors: bodies.map((body, index) => formatted(body, errors[index])) };
    if (!data && errors.every(({ path }) => !path))
      return send(response, request, reply.code(formOf(request).faultStatus));
    const nothingDone = Object.values(data ?? {}).every((value) => value === null);
    const limited = nothingDone && bodies.every(({ code }) => code === 'RATE_LIMIT');
    if (!limited) return send(response, request, reply);
    return send(response, request, reply.code(httpStatusOf.RATE_LIMIT).headers(headersOf(bodies)));
  }

  /** All that was wrong with a request that was refused, or with the stream that answers it: for a transport without statuses. */
  describe(failure: unknown, asked: Asked = {}): GraphQLFormattedError[] {
    const at = graphqlErrorsOf(failure);
    return at ? at.map((one) => formatted(this.bodyOf(one, asked), one)) : [formatted(this.told(failure))];
  }

  private refusal(error: unknown, request: FastifyRequest): Refusal {
    if (error instanceof DoitongError) {
      const body = this.told(error);
      return { status: body.code === 'INTERNAL' ? SERVICE_UNAVAILABLE : httpStatusOf[body.code], bodies: [body] };
    }
    const at = graphqlErrorsOf(error);
    if (at) return { status: formOf(request).faultStatus, bodies: at.map((one) => this.bodyOf(one, request)), at };
    const { statusCode: status = 500, code, message, headers } = error as FastifyError & Partial<HttpRefusal>;
    if (status < 400 || status >= 500) return { status: httpStatusOf.INTERNAL, bodies: [this.told(error)] };
    const details = code === BODY_TOO_LARGE ? { limit: 'body', allowed: LARGEST_BODY } : {};
    return { status, bodies: [new DoitongError('INVALID_INPUT', message, details).body], headers };
  }

  /** Without a path, the request itself is at fault; with one, a resolver failed, or an argument that it was to get. */
  private bodyOf(error: GraphQLError, asked: Asked): ErrorBody {
    const { originalError } = error;
    if (error.path && !(originalError instanceof GraphQLError)) return this.told(originalError ?? error);
    return invalidRequest(error, asked);
  }

  private told(error: unknown): ErrorBody {
    const failure = DoitongError.of(error);
    if (failure.code === 'INTERNAL') this.logger.error('GraphQL request failed', { error: failure.cause ?? failure });
    return failure.body;
  }
}

const formOf = ({ answerForm = unnamed }: FastifyRequest) => answerForm;

function send(body: object, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.type(formOf(request).contentType).send(JSON.stringify(body));
}

/** A syntax error, or all that validation found. */
function graphqlErrorsOf(error: unknown): readonly GraphQLError[] | undefined {
  if (error instanceof AggregateError) return error.errors;
  return error instanceof GraphQLError ? [error] : undefined;
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
