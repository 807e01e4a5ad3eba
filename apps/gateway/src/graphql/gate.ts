import { DoitongError, invalidInput, type Principal } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationTypeNode } from 'graphql';
import { ApiKeys } from '../auth/api-keys.js';
import { requireScopes } from '../auth/scopes.js';
import { limitHeaders } from '../rate-limit/limit-headers.js';
import { type Allowance, RateLimits } from '../rate-limit/rate-limits.js';
import { Documents } from './documents.js';
import type { GraphqlRequest } from './graphql-request.js';
import type { Operation } from './operation.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every request of /graphql once its key was accepted. */
    principal?: Principal;
  }
}

/** What every request of /graphql passes before it is executed, in this order. */
@Injectable()
export class Gate {
  constructor(
    private readonly keys: ApiKeys,
    private readonly limits: RateLimits,
    private readonly documents: Documents,
  ) {}

  /** Knows the caller; before the body is read, so that a stranger cannot make us read one. */
  async authenticate(request: FastifyRequest): Promise<void> {
    request.principal = await this.keys.principalOf(request.headers.authorization);
  }

  /** Finds the operation and counts the request against the minute limits; one that is refused counts as a read. */
  async admit(asked: GraphqlRequest, request: FastifyRequest, reply: FastifyReply): Promise<Operation> {
    const found = this.find(asked);
    const generating = 'operation' in found ? found.operation.generating : 0;
    const allowance = await this.limits.count(request.principal!, generating);
    if (allowance) {
      reply.headers(limitHeaders(allowance));
      if (!allowance.check.allowed) throw usedUp(allowance);
    }
    if ('failure' in found) throw found.failure;
    requireScopes(request.principal!, found.operation.scopes);
    return found.operation;
  }

  /** The same for what comes over a WebSocket: a subscription, which counts as one read, and nothing else. */
  async admitSubscription(
    asked: Pick<GraphqlRequest, 'query' | 'operationName'>,
    principal: Principal,
  ): Promise<Operation> {
    const allowance = await this.limits.count(principal, 0);
    if (allowance && !allowance.check.allowed) throw usedUp(allowance);
    const operation = this.documents.operation(asked.query, asked.operationName);
    requireScopes(principal, operation.scopes);
    if (operation.definition.operation === OperationTypeNode.SUBSCRIPTION) return operation;
    throw invalidInput(
      'query',
      'A WebSocket takes subscriptions only. Send queries and mutations by POST to the same URL.',
    );
  }

  private find({ query, operationName }: GraphqlRequest): { operation: Operation } | { failure: unknown } {
    try {
      return { operation: this.documents.operation(query, operationName) };
    } catch (failure) {
      return { failure };
    }
  }
}

function usedUp({ limit, check }: Allowance): DoitongError {
  return new DoitongError('RATE_LIMIT', `You may make ${limit} requests of this kind a minute.`, {
    limit: 'per_minute',
    retryAfter: check.retryAfterSeconds,
  });
}
