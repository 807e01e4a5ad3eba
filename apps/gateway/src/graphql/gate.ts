import { DoitongError, invalidInput, type Principal } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationTypeNode } from 'graphql';
import { ApiKeys } from '../auth/api-keys.js';
import { requireScopes } from '../auth/scopes.js';
import { ClientAddresses } from '../rate-limit/client-addresses.js';
import { A_READ } from '../rate-limit/generating-fields.js';
import { limitHeaders } from '../rate-limit/limit-headers.js';
import { type Allowance, RateLimits } from '../rate-limit/rate-limits.js';
import { Documents } from './documents.js';
import type { GraphqlRequest } from './graphql-request.js';
import type { Operation } from './operation.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every request of /graphql once its key was accepted. */
    principal?: Principal;
    /** Whether it was counted against a limit, or tried to be. */
    counted?: boolean;
  }
}

/** What every request of /graphql passes before it is executed, in this order. */
@Injectable()
export class Gate {
  constructor(
    private readonly keys: ApiKeys,
    private readonly limits: RateLimits,
    private readonly documents: Documents,
    private readonly addresses: ClientAddresses,
  ) {}

  /** Knows the caller; before the body is read, so that a stranger cannot make us read one. */
  async authenticate(request: FastifyRequest): Promise<void> {
    request.principal = await this.known(request.headers.authorization, this.addresses.of(request.raw));
  }

  /** Finds the operation and counts the request against the minute limits; one that is refused counts as a read. */
  async admit(asked: GraphqlRequest, request: FastifyRequest, reply: FastifyReply): Promise<Operation> {
    const found = this.find(asked);
    request.counted = true;
    const counted = 'operation' in found ? found.operation.counted : A_READ;
    const allowance = await this.limits.count(request.principal!, counted);
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
    const allowance = await this.limits.count(principal);
    if (allowance && !allowance.check.allowed) throw usedUp(allowance);
    const operation = this.documents.operation(asked.query, asked.operationName);
    requireScopes(principal, operation.scopes);
    if (operation.definition.operation === OperationTypeNode.SUBSCRIPTION) return operation;
    throw invalidInput(
      'query',
      'A WebSocket takes subscriptions only. Send queries and mutations by POST to the same URL.',
    );
  }

  /**
   * Counts a request that is refused before it was counted: as a read of its account, or by its address if it has none. Returns what to tell:
   * the failure, or that the limit is used up. A failure of ours is nobody's request.
   */
  async refused(failure: unknown, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (request.counted || isOurs(failure)) return failure;
    const { principal } = request;
    const allowance = principal
      ? await this.limits.count(principal)
      : await this.limits.countStranger(this.addresses.of(request.raw));
    if (!allowance) return failure;
    reply.headers(limitHeaders(allowance));
    return allowance.check.allowed ? failure : usedUp(allowance);
  }

  /** Knows who opens a WebSocket from `address`, where a refusal counts as over HTTP. */
  async authenticateSocket(authorization: string | undefined, address: string): Promise<Principal> {
    try {
      return await this.known(authorization, address);
    } catch (failure) {
      const allowance = isOurs(failure) ? undefined : await this.limits.countStranger(address);
      throw allowance && !allowance.check.allowed ? usedUp(allowance) : failure;
    }
  }

  /** Who is over the limit of strangers, and sends no key that was accepted of late, costs no look-up: wrong keys are free to send. */
  private async known(authorization: string | undefined, address: string): Promise<Principal> {
    const over = this.limits.strangerIsOver(address);
    if (over && !this.keys.wasAccepted(authorization)) throw usedUp(over);
    return this.keys.principalOf(authorization);
  }

  private find({ query, operationName }: GraphqlRequest): { operation: Operation } | { failure: unknown } {
    try {
      return { operation: this.documents.operation(query, operationName) };
    } catch (failure) {
      return { failure };
    }
  }
}

const isOurs = (failure: unknown) => failure instanceof DoitongError && failure.code === 'INTERNAL';

function usedUp({ window, limit, check }: Allowance): DoitongError {
  const kind = window === 'unauthenticated' ? 'without a valid API key' : 'of this kind';
  return new DoitongError('RATE_LIMIT', `You may make ${limit} requests ${kind} a minute.`, {
    limit: 'per_minute',
    retryAfter: check.retryAfterSeconds,
  });
}
