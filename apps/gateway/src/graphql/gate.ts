import { DoitongError, invalidInput, type Principal } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { ApiKeys } from '../auth/api-keys.js';
import { countGenerating } from '../rate-limit/generating-fields.js';
import { type Allowance, RateLimits } from '../rate-limit/rate-limits.js';
import { Documents, type Operation } from './documents.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every request of /graphql once its key was accepted. */
    principal?: Principal;
    /** Set once the document was parsed. */
    operation?: Operation;
  }
}

/** What every request of /graphql passes before it is executed, in this order. */
@Injectable()
export class Gate {
  private readonly documents = new Documents();

  constructor(
    private readonly keys: ApiKeys,
    private readonly limits: RateLimits,
  ) {}

  /** Knows the caller; before the body is read, so that a stranger cannot make us read one. */
  async authenticate(request: FastifyRequest): Promise<void> {
    request.principal = await this.keys.principalOf(request.headers.authorization);
  }

  /** Parses the document and counts the request against the minute limits. */
  async admit(request: FastifyRequest, reply: FastifyReply, schema: GraphQLSchema): Promise<void> {
    const sent = sentOf(request);
    let failure: unknown;
    try {
      request.operation = this.documents.operation(schema, sent.query, sent.operationName);
      sent.query = request.operation.text;
    } catch (error) {
      failure = error;
    }
    const generating = request.operation ? countGenerating(schema, request.operation) : 0;
    const allowance = await this.limits.count(request.principal!, generating);
    if (allowance) tell(allowance, reply);
    if (failure) throw failure;
  }
}

interface Sent {
  query: string;
  operationName: string | undefined;
}

/** The GraphQL request, as far as it must be right for its document to be found. */
function sentOf(request: FastifyRequest): Sent {
  const sent = (request.method === 'GET' ? request.query : request.body) as Partial<Record<string, unknown>> | null;
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) {
    throw new DoitongError('INVALID_INPUT', 'Send one JSON object: `{ "query": "…", "variables": { … } }`.');
  }
  const { query, operationName, variables } = sent;
  if (typeof query !== 'string' || query === '') throw invalidInput('query', '`query` must be a GraphQL document.');
  if (typeof (operationName ?? '') !== 'string')
    throw invalidInput('operationName', '`operationName` must be a string.');
  if (request.method !== 'GET' && (typeof (variables ?? {}) !== 'object' || Array.isArray(variables))) {
    throw invalidInput('variables', '`variables` must be an object.');
  }
  return Object.assign(sent, { query, operationName: (operationName as string | null) || undefined });
}

/** Tells the state of the window in headers; RATE_LIMIT where it is used up. */
function tell({ limit, check }: Allowance, reply: FastifyReply): void {
  reply.headers({
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': check.remaining,
    'x-ratelimit-reset': check.resetSeconds,
  });
  if (check.allowed) return;
  throw new DoitongError('RATE_LIMIT', `You may make ${limit} requests of this kind a minute.`, {
    limit: 'per_minute',
    retryAfter: check.retryAfterSeconds,
  });
}
