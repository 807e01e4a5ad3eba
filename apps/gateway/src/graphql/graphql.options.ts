import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type DocumentNode, type GraphQLSchema, OperationTypeNode } from 'graphql';
import type { MercuriusContext } from 'mercurius';
import type { GraphqlContext } from './context.js';
import { corsHeaders } from './cors.js';
import { MOST_DOCUMENTS, MOST_TOKENS } from './documents.js';
import { flatten } from './flat-shape.js';
import type { Gate } from './gate.js';
import type { GraphqlErrors } from './graphql-errors.js';

const LARGEST_BODY = 1024 * 1024;
/** A query is compiled when it is seen for the second time. */
const COMPILED_AFTER = 1;

/** How Mercurius serves /graphql: our gate before it, our errors after it. */
export function graphqlOptions(gate: Gate, errors: GraphqlErrors): MercuriusDriverConfig {
  return {
    driver: MercuriusDriver,
    autoSchemaFile: true,
    path: '/graphql',
    graphiql: false,
    cache: MOST_DOCUMENTS,
    jit: COMPILED_AFTER,
    graphql: { parseOptions: { maxTokens: MOST_TOKENS } },
    context: ({ principal, headers }: FastifyRequest): GraphqlContext => ({
      principal: principal!,
      idempotencyKey: headers['idempotency-key'],
    }),
    errorHandler: async (error, request, reply) => {
      await errors.refuse(error, request, reply);
    },
    errorFormatter: (execution, { reply }) => errors.format(execution, reply.request, reply),
    hooks: { preValidation: takeOurDocument, preExecution: beforeExecution, onResolution: flattenAnswer },
    additionalRouteOptions: {
      bodyLimit: LARGEST_BODY,
      // Our gate checks requests, and answers are serialised as they are.
      schema: {},
      preParsing: async (request: FastifyRequest, reply: FastifyReply) => {
        reply.headers({ ...corsHeaders, 'x-request-id': request.id });
        await gate.authenticate(request);
      },
      preHandler: (request: FastifyRequest, reply: FastifyReply) =>
        gate.admit(request, reply, request.server.graphql.schema),
    },
  };
}

const operationOf = ({ reply }: MercuriusContext) => reply.request.operation;

/** What Mercurius has parsed anew is left for the document that the gate has seen. Once for each document: the result is cached. */
async function takeOurDocument(_schema: GraphQLSchema, document: DocumentNode, context: MercuriusContext) {
  Object.assign(document, operationOf(context)?.document);
}

/** A compiled operation loses variables inside a JSON literal, as in `options: { duration: $seconds }`. Only mutations take JSON. */
async function beforeExecution(_schema: GraphQLSchema, document: DocumentNode, context: MercuriusContext) {
  const operation = operationOf(context);
  // Contradictions are told before anything is executed.
  void operation?.shape;
  return operation?.definition.operation === OperationTypeNode.MUTATION ? { document } : undefined;
}

async function flattenAnswer({ data }: { data?: unknown }, context: MercuriusContext) {
  const shape = operationOf(context)?.shape;
  if (shape) flatten(data, shape);
}
