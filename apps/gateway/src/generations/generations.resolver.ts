import type { Principal } from '@doitong/contracts';
import { Args, Context, Extensions, ID, Info, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { needs } from '../auth/scopes.js';
import type { GraphqlContext } from '../graphql/context.js';
import { PAGE } from '../graphql/pages.js';
import { Int } from '../graphql/scalars.js';
import { GENERATES, NULL_WHEN_REFUSED } from '../rate-limit/generating-fields.js';
import { GenerateInput } from './generate.input.js';
import { Generation } from './generation.type.js';
import { GenerationConnection, GenerationFilter } from './generation-connection.type.js';
import { GenerationsService } from './generations.service.js';
import { parseGenerate, parseIdempotency } from './parse-generate.js';
import { Quote } from './quote.type.js';
import { Watches } from './watches.js';

@Resolver(() => Generation)
export class GenerationsResolver {
  constructor(
    private readonly service: GenerationsService,
    private readonly watches: Watches,
  ) {}

  @Mutation(() => Generation, {
    nullable: true,
    description: `Asks for a generation. With an \`Idempotency-Key\` header, a repeat of the same request returns the first generation. ${NULL_WHEN_REFUSED}`,
  })
  @Extensions(GENERATES)
  generate(
    @Args('input', { description: 'What is asked for.' }) input: GenerateInput,
    @Context() { principal, idempotencyKey }: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Generation> {
    const idempotency = parseIdempotency(idempotencyKey, info.path.key);
    return this.service.create(principal, { input: parseGenerate(input), idempotency });
  }

  @Mutation(() => Boolean, {
    description:
      'Cancels a generation. Free while no provider can have been asked: while it is QUEUED, or its input files are still read. After that the plan says which part of the price is charged, and `creditCost` tells. False when it had ended already.',
  })
  @Extensions(needs('generate'))
  cancelGeneration(
    @Args('id', { type: () => ID, description: 'Id of the generation.' }) id: string,
    @Context('principal') principal: Principal,
  ): Promise<boolean> {
    return this.service.cancel(principal, id);
  }

  @Query(() => Generation, {
    nullable: true,
    description:
      'A generation of this account, made by a key of the same mode. Null, with an error NOT_FOUND, when there is none of this id.',
  })
  @Extensions(needs('read'))
  generation(
    @Args('id', { type: () => ID, description: 'Id of the generation.' }) id: string,
    @Context('principal') principal: Principal,
  ): Promise<Generation> {
    return this.service.get(principal, id);
  }

  @Query(() => GenerationConnection, {
    description: 'The generations of this account that keys of the same mode made, newest first, page by page.',
  })
  @Extensions(needs('read'))
  generations(
    @Context('principal') principal: Principal,
    @Args('filter', { type: () => GenerationFilter, nullable: true, description: 'Which ones; all without it.' })
    filter?: GenerationFilter | null,
    @Args('first', { type: () => Int, defaultValue: PAGE, nullable: true, description: 'How many at most, 1 to 100.' })
    first?: number | null,
    @Args('after', { type: () => String, nullable: true, description: 'A cursor: only those behind its place.' })
    after?: string | null,
  ): Promise<GenerationConnection> {
    return this.service.list(principal, { filter, first, after });
  }

  @Subscription(() => Generation, {
    description:
      'A generation of this account as it is now and after each change, and complete once it has ended. Of changes that follow one another closely, the last may be all that is told. An error NOT_FOUND when there is none of this id.',
    resolve: (generation) => generation,
  })
  @Extensions(needs('read'))
  generationUpdated(
    @Args('id', { type: () => ID, description: 'Id of the generation.' }) id: string,
    @Context('principal') principal: Principal,
  ): AsyncIterable<Generation> {
    return this.watches.watch(principal, id);
  }

  @Query(() => Quote, {
    nullable: true,
    description:
      'What a request would cost and who would serve it. Takes no credits. Null, with an error, when `generate` would refuse the request as it is.',
  })
  @Extensions(needs('generate'))
  quote(
    @Args('input', { description: 'The request.' }) input: GenerateInput,
    @Context('principal') principal: Principal,
  ): Promise<Quote> {
    return this.service.quote(principal, parseGenerate(input));
  }
}
