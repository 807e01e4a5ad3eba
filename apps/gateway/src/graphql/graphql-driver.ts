import { Injectable } from '@nestjs/common';
import { AbstractGraphQLDriver, type GqlModuleOptions } from '@nestjs/graphql';
import type { FastifyInstance } from 'fastify';
import { Documents } from './documents.js';
import { Endpoint } from './endpoint.js';

/** Where Nest hands over the schema that it made of the resolvers. */
@Injectable()
export class GraphqlDriver extends AbstractGraphQLDriver {
  constructor(
    private readonly documents: Documents,
    private readonly endpoint: Endpoint,
  ) {
    super();
  }

  async start({ schema }: GqlModuleOptions): Promise<void> {
    this.documents.writtenAgainst(schema!);
    this.endpoint.serve(this.httpAdapterHost.httpAdapter.getInstance<FastifyInstance>());
  }

  async stop(): Promise<void> {}
}
