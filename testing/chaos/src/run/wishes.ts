/** What one client wants: a request, how it behaves while it waits, and what it may count on. */
export interface Wish {
  number: number;
  /** In the prompt of this wish and of no other, so that all that came of it can be found. */
  mark: string;
  key: string;
  input: Record<string, unknown>;
  /** The provider that the caller chose; absent where the platform may. */
  provider?: string;
  /** Of the accounts, which one asks. */
  account: number;
  /** How often it is asked at once under its key. */
  calls: number;
  /** Cancels it so long after it was accepted. */
  cancelAfterMs?: number;
}

/** Markers of the sandbox, and how many of a hundred requests have each. A vendor that never ends is cancelled. */
const markers: [string, number][] = [
  ['failed', 5],
  ['content-rejected', 4],
  ['output-moderated', 3],
  ['quota', 2],
  ['server-error', 2],
  ['server-error-once', 6],
  ['overloaded-once', 4],
  ['rate-limited-once', 5],
  ['proxy-error-once', 3],
  ['proxy-refusal-once', 5],
  ['answer-lost', 4],
  ['hang', 3],
  ['dead-url', 2],
  ['corrupt-file', 2],
  ['callback-twice', 4],
  ['slow=2', 10],
  ['slow=8', 6],
];

const requests: { share: number; type: string; provider?: string; options?: object; hasFace?: true }[] = [
  { share: 20, type: 'VIDEO', provider: 'minimax' },
  { share: 20, type: 'IMAGE', provider: 'flux-dev', options: { width: 256, height: 256 } },
  { share: 8, type: 'IMAGE', provider: 'minimax-image' },
  { share: 20, type: 'AUDIO', provider: 'elevenlabs' },
  { share: 12, type: 'AVATAR', provider: 'hedra', hasFace: true },
  { share: 15, type: 'IMAGE' },
  { share: 5, type: 'VIDEO' },
];

export function wishOf(
  number: number,
  { seed, accounts, faceUrl }: { seed: number; accounts: number; faceUrl: string },
  random: () => number,
): Wish {
  const { type, provider, options, hasFace } = ofHundred(
    requests.map((request) => [request, request.share]),
    random,
  )!;
  const marker = ofHundred(markers, random);
  const mark = `wish ${seed}-${number}.`;
  const text = `A lighthouse in fog, ${mark}${marker ? ` [[sandbox:${marker}]]` : ''}`;
  const isCancelled = marker === 'hang' || random() < 0.06;
  return {
    number,
    mark,
    key: `chaos-${seed}-${number}`,
    provider,
    account: Math.floor(random() * accounts),
    calls: random() < 0.25 ? 3 : 1,
    ...(isCancelled ? { cancelAfterMs: Math.round(random() * 4_000) } : {}),
    input: { type, provider, options, input: { text, ...(hasFace ? { image: faceUrl } : {}) } },
  };
}

/** One of these, by its share of a hundred; undefined for what is left of the hundred. */
function ofHundred<T>(shares: [T, number][], random: () => number): T | undefined {
  let left = random() * 100;
  for (const [value, share] of shares) {
    left -= share;
    if (left < 0) return value;
  }
  return undefined;
}
