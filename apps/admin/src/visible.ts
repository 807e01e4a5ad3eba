/**
 * What a terminal acts upon in place of showing it, whatever stands between its control codes: all control characters, those that turn the direction of
 * writing or have no width, and the other ends of a line.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const UNSEEN_BUT_LINES = /(?!\r?\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text that others chose, such as a name or a URL, as it may be printed: what cannot be seen of it is written as JSON would write it. */
export const visible = (text: string): string => text.replace(UNSEEN, escaped);

/** The same for text of ours that has lines, and words of others in them. */
export const visibleLines = (text: string): string => text.replace(UNSEEN_BUT_LINES, escaped);

const escaped = (character: string) =>
  [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
