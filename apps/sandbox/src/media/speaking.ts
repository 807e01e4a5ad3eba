const charactersPerSecond = 14;

/** Seconds that it takes to say `text`; `speed` 2 is twice as fast. */
export function speakingSeconds(text: string, speed = 1): number {
  return Math.max(0.5, Math.round((([...text].length / charactersPerSecond) * 100) / speed) / 100);
}
