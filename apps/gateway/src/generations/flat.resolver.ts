import type { ContentType } from '@doitong/contracts';
import { Args, Context, Extensions, Info, Mutation, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { GraphqlContext } from '../graphql/context.js';
import { GENERATES, NULL_WHEN_REFUSED } from '../rate-limit/generating-fields.js';
import {
  AudioCreateInput,
  AvatarCreateInput,
  type FlatInput,
  ImageCreateInput,
  VideoCreateInput,
} from './flat.input.js';
import { AudioGeneration, AvatarGeneration, ImageGeneration, VideoGeneration } from './flat.type.js';
import type { Generation } from './generation.type.js';
import { GenerationsService } from './generations.service.js';
import { parseFlat, toldFlat } from './parse-flat.js';
import { parseIdempotency } from './parse-generate.js';

const INPUT = { description: 'What is asked for.' };

/** `generate` for one content type each, with its common options as fields. */
@Resolver()
export class FlatResolver {
  constructor(private readonly generations: GenerationsService) {}

  @Mutation(() => VideoGeneration, {
    nullable: true,
    description: `Asks for a video, as \`generate\` does. ${NULL_WHEN_REFUSED}`,
  })
  @Extensions(GENERATES)
  async videoCreate(
    @Args('input', INPUT) input: VideoCreateInput,
    @Context() context: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<VideoGeneration> {
    const made = await this.create('VIDEO', input, context, info);
    return { ...made, videoUrl: made.url };
  }

  @Mutation(() => ImageGeneration, {
    nullable: true,
    description: `Asks for an image, as \`generate\` does. ${NULL_WHEN_REFUSED}`,
  })
  @Extensions(GENERATES)
  async imageCreate(
    @Args('input', INPUT) input: ImageCreateInput,
    @Context() context: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ImageGeneration> {
    const made = await this.create('IMAGE', input, context, info);
    return { ...made, imageUrl: made.url };
  }

  @Mutation(() => AudioGeneration, {
    nullable: true,
    description: `Asks for audio, as \`generate\` does. ${NULL_WHEN_REFUSED}`,
  })
  @Extensions(GENERATES)
  async audioCreate(
    @Args('input', INPUT) input: AudioCreateInput,
    @Context() context: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AudioGeneration> {
    const made = await this.create('AUDIO', input, context, info);
    return { ...made, audioUrl: made.url };
  }

  @Mutation(() => AvatarGeneration, {
    nullable: true,
    description: `Asks for a video of somebody who speaks, as \`generate\` does. ${NULL_WHEN_REFUSED}`,
  })
  @Extensions(GENERATES)
  async avatarCreate(
    @Args('input', INPUT) input: AvatarCreateInput,
    @Context() context: GraphqlContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AvatarGeneration> {
    const made = await this.create('AVATAR', input, context, info);
    return { ...made, avatarUrl: made.url };
  }

  private async create(
    type: ContentType,
    flat: FlatInput,
    { principal, idempotencyKey }: GraphqlContext,
    info: GraphQLResolveInfo,
  ): Promise<Generation> {
    const idempotency = parseIdempotency(idempotencyKey, info.path.key);
    try {
      return await this.generations.create(principal, { input: parseFlat(type, flat), idempotency });
    } catch (failure) {
      throw toldFlat(failure, type, flat);
    }
  }
}
