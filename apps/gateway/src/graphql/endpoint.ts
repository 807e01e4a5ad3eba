import { DoitongError } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OperationTypeNode } from 'graphql';
import { sendGraphiql, serveGraphiqlFiles } from '../graphiql/graphiql.js';
import { corsHeaders } from './cors.js';
import { Gate } from './gate.js';
import { GraphqlErrors } from './graphql-errors.js';
import { parseGraphqlRequest } from './graphql-request.js';
import { HttpRefusal, LARGEST_BODY } from './http-refusal.js';
import { type AnswerForm, answerFormOf, isJson, wantsPage } from './media-types.js';
import type { Operation } from './operation.js';

const METHOD_NOT_ALLOWED = 405;
const NOT_ACCEPTABLE = 406;
const UNSUPPORTED_MEDIA_TYPE = 415;

declare module 'fastify' {
  interface FastifyRequest {
    answerForm?: AnswerForm;
    /** Both are set once they were found. */
    operation?: Operation;
    variables?: Record<string, unknown>;
  }
}

/** /graphql as HTTP serves it: GraphQL over HTTP, with our gate before each execution and our errors after it. */
@Injectable()
export class Endpoint {
  constructor(
    private readonly gate: Gate,
    private readonly errors: GraphqlErrors,
  ) {}

  serve(app: FastifyInstance): void {
    serveGraphiqlFiles(app);
    app.route({
      // HEAD too, which Fastify answers as GET.
      method: ['GET', 'POST'],
      url: '/graphql',
      bodyLimit: LARGEST_BODY,
      preParsing: async (request, reply) => void (await this.receive(request, reply)),
      handler: (request, reply) => this.answer(request, reply),
      errorHandler: (error, request, reply) => this.refuse(error, request, reply),
    });
    app.route({
      method: ['PUT', 'PATCH', 'DELETE'],
      url: '/graphql',
      // Whatever it has for a body is not read.
      preParsing: async (_request, reply) => {
        reply.headers(corsHeaders);
        throw new HttpRefusal(METHOD_NOT_ALLOWED, 'Use POST, or GET for a query.', { allow: 'GET, HEAD, POST' });
      },
      handler: async () => undefined,
      errorHandler: (error, request, reply) => this.refuse(error, request, reply),
    });
  }

  /** What is refused before a body is read. */
  private async receive(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (wantsPage(request)) return sendGraphiql(reply);
    reply.headers({ ...corsHeaders, 'x-request-id': request.id });
    request.answerForm = answerFormOf(request);
    await this.gate.authenticate(request);
    if (!request.answerForm) {
      throw new HttpRefusal(NOT_ACCEPTABLE, 'Accept application/json or application/graphql-response+json.');
    }
    if (request.method === 'POST' && !isJson(request)) {
      throw new HttpRefusal(UNSUPPORTED_MEDIA_TYPE, 'Send JSON, with the header `Content-Type: application/json`.');
    }
    return undefined;
  }

  private async refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    return this.errors.refuse(await this.gate.refused(error, request, reply), request, reply);
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asked = parseGraphqlRequest(request);
    const operation = await this.gate.admit(asked, request, reply);
    Object.assign(request, { operation, variables: asked.variables });
    refuseKind(operation, request);
    if (operation.faults.length > 0) throw new AggregateError(operation.faults);
    const context = { principal: request.principal!, idempotencyKey: request.headers['idempotency-key'] };
    const result = await operation.execute(context, asked.variables);
    return this.errors.answer(result, request, reply);
  }
}

function refuseKind({ definition: { operation } }: Operation, { method }: FastifyRequest): void {
  if (operation === OperationTypeNode.SUBSCRIPTION) {
    throw new DoitongError(
      'INVALID_INPUT',
      'A subscription needs a WebSocket: the same URL, with graphql-transport-ws.',
    );
  }
  if (operation === OperationTypeNode.MUTATION && method !== 'POST') {
    throw new HttpRefusal(METHOD_NOT_ALLOWED, 'A mutation needs a POST.', { allow: 'POST' });
  }
}
