import type { ContentType, GenerationStatus } from '@doitong/contracts';
import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { PageInfo } from '../graphql/page-info.type.js';
import { DateTime } from '../graphql/scalars.js';
import { GenerationStatusEnum, GenerationTypeEnum } from './enums.js';
import { Generation } from './generation.type.js';

@InputType({ description: 'Which generations are listed: those of which all that is given here is true.' })
export class GenerationFilter {
  @Field(() => GenerationTypeEnum, { nullable: true, description: 'They are of this type.' })
  type?: ContentType | null;

  @Field(() => [GenerationStatusEnum], { nullable: true, description: 'Their status is one of these.' })
  status?: GenerationStatus[] | null;

  @Field(() => String, { nullable: true, description: 'This provider does them; its id or one of its aliases.' })
  provider?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Their `createdAt` is later than this.' })
  createdAfter?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Their `createdAt` is earlier than this.' })
  createdBefore?: string | null;
}

@ObjectType({ description: 'A generation at its place in a list.' })
export class GenerationEdge {
  @Field(() => String, { description: 'Its place; what `after` takes to go on behind it. Opaque.' })
  cursor!: string;

  @Field(() => Generation, { description: 'The generation.' })
  node!: Generation;
}

@ObjectType({ description: 'One page of the generations of an account, newest first.' })
export class GenerationConnection {
  @Field(() => [GenerationEdge], { description: 'The generations on this page.' })
  edges!: GenerationEdge[];

  @Field(() => PageInfo, { description: 'Where this page stands in the list.' })
  pageInfo!: PageInfo;
}
