import type { Mode, Scope } from '@doitong/contracts';
import { Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';
import { DateTime } from '../graphql/scalars.js';

const ApiKeyMode = defineEnum<Uppercase<Mode>>('ApiKeyMode', 'What a key reaches.', {
  LIVE: 'The vendors.',
  TEST: 'A sandbox, which makes placeholders.',
});

const ApiKeyScope = defineEnum<Uppercase<Scope>>('ApiKeyScope', 'What a key may be used for.', {
  GENERATE: 'To ask for, quote and cancel generations.',
  READ: 'To look at generations, providers, the account and its limits.',
  WEBHOOKS: 'To manage webhook endpoints and their deliveries.',
  BILLING: 'To manage API keys, and to look at grants and transactions.',
});

@ObjectType({ description: 'An API key. Its secret is told once, when it is made.' })
export class ApiKey {
  @Field(() => ID, { description: 'Opaque; begins with `key_`.' })
  id!: string;

  @Field(() => ApiKeyMode, { description: 'What it reaches.' })
  mode!: Uppercase<Mode>;

  @Field(() => [ApiKeyScope], { description: 'What it may be used for.' })
  scopes!: Uppercase<Scope>[];

  @Field(() => String, { description: 'The first characters of its secret.' })
  prefix!: string;

  @Field(() => String, { description: 'The last four characters of its secret.' })
  lastFour!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it expires; null when it does not.' })
  expiresAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was last used, to a minute; null when it never was.' })
  lastUsedAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was revoked; null when it was not.' })
  revokedAt!: string | null;

  @Field(() => ID, { nullable: true, description: 'The key that takes its place; null when it was not rotated.' })
  successor!: string | null;
}

@ObjectType({ description: 'A new API key.' })
export class ApiKeyWithSecret {
  @Field(() => String, { description: 'What is sent as `Authorization: Bearer …`. It is told here and never again.' })
  secret!: string;

  @Field(() => ApiKey, { description: 'The key.' })
  key!: ApiKey;
}

@InputType({ description: 'A new API key. It can be no more than the key that asks for it.' })
export class ApiKeyCreateInput {
  @Field(() => ApiKeyMode, { description: 'What it reaches. A test key makes test keys only.' })
  mode!: Uppercase<Mode>;

  @Field(() => [ApiKeyScope], {
    nullable: true,
    description: 'What it may be used for; as the key that asks, if absent.',
  })
  scopes?: Uppercase<Scope>[] | null;

  @Field(() => DateTime, { nullable: true, description: 'When it expires; as the key that asks, if absent.' })
  expiresAt?: string | null;
}
