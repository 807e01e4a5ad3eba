import { Field, ObjectType } from '@nestjs/graphql';
import { Generation } from './generation.type.js';

const AS_URL = 'The same as `url`. Null until COMPLETED.';

@ObjectType({ description: 'A generation of a video.' })
export class VideoGeneration extends Generation {
  @Field(() => String, { nullable: true, description: AS_URL })
  videoUrl!: string | null;
}

@ObjectType({ description: 'A generation of an image.' })
export class ImageGeneration extends Generation {
  @Field(() => String, { nullable: true, description: AS_URL })
  imageUrl!: string | null;
}

@ObjectType({ description: 'A generation of audio.' })
export class AudioGeneration extends Generation {
  @Field(() => String, { nullable: true, description: AS_URL })
  audioUrl!: string | null;
}

@ObjectType({ description: 'A generation of a video of somebody who speaks.' })
export class AvatarGeneration extends Generation {
  @Field(() => String, { nullable: true, description: AS_URL })
  avatarUrl!: string | null;
}
