import { invalidInput, type Principal } from '@doitong/contracts';
import { Args, Context, Extensions, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { needs } from '../auth/scopes.js';
import { Int } from '../graphql/scalars.js';
import { ApiKey, ApiKeyCreateInput, ApiKeyWithSecret } from './api-key.type.js';
import { OwnKeysService } from './api-keys.service.js';

const KEY_ID = { type: () => ID, description: 'Id of the key.' };
const LONGEST_OVERLAP_SECONDS = 2_592_000;

@Resolver(() => ApiKey)
export class ApiKeysResolver {
  constructor(private readonly keys: OwnKeysService) {}

  @Query(() => [ApiKey], {
    description:
      'The API keys of this account, newest first, those that are revoked too; test keys alone for a test key. At most 100 at a time.',
  })
  @Extensions(needs('billing'))
  apiKeys(
    @Context('principal') principal: Principal,
    @Args('first', { type: () => Int, nullable: true, description: 'How many at most, 1 to 100; 100 when absent.' })
    first?: number | null,
    @Args('after', { type: () => ID, nullable: true, description: 'Id of a key: only those that are older.' })
    after?: string | null,
  ): Promise<ApiKey[]> {
    return this.keys.list(principal, { first, after });
  }

  @Mutation(() => ApiKeyWithSecret, {
    description:
      'Makes an API key. FORBIDDEN when it would be more than the key that asks: scopes, mode or time; RATE_LIMIT when the account has 100 that are accepted.',
  })
  @Extensions(needs('billing'))
  apiKeyCreate(
    @Args('input', { description: 'What it shall be.' }) input: ApiKeyCreateInput,
    @Context('principal') principal: Principal,
  ): Promise<ApiKeyWithSecret> {
    return this.keys.create(principal, input);
  }

  @Mutation(() => ApiKeyWithSecret, {
    description:
      'Makes a key like this one, which is accepted for a while yet. INVALID_INPUT when it was rotated already.',
  })
  @Extensions(needs('billing'))
  apiKeyRotate(
    @Args('id', KEY_ID) id: string,
    @Context('principal') principal: Principal,
    @Args('overlapSeconds', {
      type: () => Int,
      nullable: true,
      description: 'Seconds for which the old secret is still accepted, 0 to 2,592,000; a day when absent.',
    })
    overlapSeconds?: number | null,
  ): Promise<ApiKeyWithSecret> {
    if (overlapSeconds != null && (overlapSeconds < 0 || overlapSeconds > LONGEST_OVERLAP_SECONDS)) {
      const allowed = { minimum: 0, maximum: LONGEST_OVERLAP_SECONDS };
      throw invalidInput('overlapSeconds', `\`overlapSeconds\` may be 0 to ${LONGEST_OVERLAP_SECONDS}.`, allowed);
    }
    return this.keys.rotate(principal, id, overlapSeconds);
  }

  @Mutation(() => ApiKey, { description: 'Has a key refused everywhere, within a second. A repeat changes nothing.' })
  @Extensions(needs('billing'))
  apiKeyRevoke(@Args('id', KEY_ID) id: string, @Context('principal') principal: Principal): Promise<ApiKey> {
    return this.keys.revoke(principal, id);
  }
}
