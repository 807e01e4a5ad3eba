/** Numbers, instants and lists, as they are typed. What they may be, the messages' own schemas say. */
export function whole(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error(`"${text}" is not a whole number.`);
  return Number(text);
}

export function number(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new Error(`"${text}" is not a number.`);
  return Number(text);
}

/** A day is its first instant in UTC. */
export function instant(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`"${text}" is not an instant, such as 2025-01-31 or 2025-01-31T12:00:00Z.`);
  return new Date(ms).toISOString();
}

export const optional = <T>(text: string | undefined, read: (text: string) => T): T | undefined =>
  text === undefined ? undefined : read(text);

export const words = (text: string | undefined) => text?.split(',').map((word) => word.trim());

export const SECONDS_AN_HOUR = 3_600;
