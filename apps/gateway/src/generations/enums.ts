import type { ContentType, ErrorCode, GenerationStatus, Priority, Stage } from '@doitong/contracts';
import { defineEnum } from '../graphql/define-enum.js';

export const GenerationTypeEnum = defineEnum<ContentType>('GenerationType', 'What is generated.', {
  VIDEO: 'A video, from a text or an image.',
  IMAGE: 'An image, from a text or another image.',
  AUDIO: 'Speech, music or sound, from a text.',
  AVATAR: 'A video of a person who says a text or an audio file.',
});

export const PriorityEnum = defineEnum<Priority>('Priority', 'What counts most when the provider is chosen for you.', {
  QUALITY: 'The best output.',
  SPEED: 'The shortest wait.',
  COST: 'The fewest credits.',
  BALANCED: 'A fair mean of the three.',
});

export const GenerationStatusEnum = defineEnum<GenerationStatus>(
  'GenerationStatus',
  'Where a generation is in its life. COMPLETED, FAILED and CANCELLED are for good.',
  {
    QUEUED: 'Accepted; its credits are set aside.',
    PROCESSING: 'The provider is at it.',
    COMPLETED: 'The output is at `url`.',
    FAILED: '`error` says why; nothing was charged.',
    CANCELLED: 'Cancelled before it was done; `creditCost` is what was charged.',
  },
);

export const ErrorCodeEnum = defineEnum<ErrorCode>('ErrorCode', 'What went wrong, for a program to act on.', {
  INSUFFICIENT_CREDITS: 'The account has fewer spendable credits than the generation costs.',
  RATE_LIMIT: 'A limit of the plan is used up; wait `retryAfter` seconds.',
  INVALID_INPUT: '`field` is not what it may be.',
  PROVIDER_UNAVAILABLE: 'The provider cannot take work at the moment.',
  GENERATION_FAILED: 'The provider could not do it.',
  UNAUTHENTICATED: 'There is no API key, or it is not valid.',
  FORBIDDEN: 'The API key may not do this.',
  NOT_FOUND: 'There is nothing of this id in the account.',
  IDEMPOTENCY_CONFLICT: 'The idempotency key was used for another request.',
  CONTENT_REJECTED: 'The provider refused the content.',
  INTERNAL: 'Something failed on our side.',
});

export const StageEnum = defineEnum<Stage>('Stage', 'Where in the life of a generation it went wrong.', {
  ADMISSION: 'Before it was accepted.',
  SUBMISSION: 'When it was handed to the provider.',
  PROCESSING: 'While the provider was at it.',
  DELIVERY: 'When the output was fetched and stored.',
});
