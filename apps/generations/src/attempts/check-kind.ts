import { type ContentType, invalidInput, type Output } from '@doitong/contracts';

/** How the content types begin of what a generation is to make. */
const kinds: Record<ContentType, string> = { VIDEO: 'video/', AVATAR: 'video/', IMAGE: 'image/', AUDIO: 'audio/' };

/** Nobody is charged for another kind of file than was asked for, whatever a worker takes it for. INVALID_INPUT. */
export function checkKind({ contentType }: Output, type: ContentType): void {
  if (contentType.startsWith(kinds[type])) return;
  throw invalidInput('output.contentType', `The output is ${contentType}, and ${type} was asked for.`);
}
