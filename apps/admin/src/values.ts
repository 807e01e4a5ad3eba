/** Whole numbers and lists, as they are typed. What they may be, the messages' own schemas say. */
export function whole(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`"${text}" is not a whole number.`);
  return Number(text);
}

export const optionalWhole = (text: string | undefined) => (text === undefined ? undefined : whole(text));

export const words = (text: string | undefined) => text?.split(',').map((word) => word.trim());

export const SECONDS_AN_HOUR = 3_600;
