import type { ContentType } from '@doitong/contracts';
import { Args, Extensions, ID, Query, Resolver } from '@nestjs/graphql';
import { needs } from '../auth/scopes.js';
import { GenerationTypeEnum } from '../generations/enums.js';
import { Provider } from './provider.type.js';
import { ProvidersService } from './providers.service.js';

@Resolver(() => Provider)
export class ProvidersResolver {
  constructor(private readonly service: ProvidersService) {}

  @Query(() => [Provider], { description: 'The providers and what they can do.' })
  @Extensions(needs('read'))
  providers(
    @Args('type', { type: () => GenerationTypeEnum, nullable: true, description: 'Only those that make this.' })
    type?: ContentType | null,
  ): Promise<Provider[]> {
    return this.service.list(type);
  }

  @Query(() => Provider, {
    nullable: true,
    description: 'One provider with its models. Null, with an error NOT_FOUND, when there is none of this name.',
  })
  @Extensions(needs('read'))
  provider(
    @Args('id', { type: () => ID, description: 'Its id, or one of its aliases.' }) id: string,
  ): Promise<Provider> {
    return this.service.get(id);
  }
}
