/** What a marker in the prompt or text does. The same words for every family; README.md has the same table. */
export const faults = {
  'content-rejected': 'The vendor refuses the prompt.',
  'output-moderated': 'The vendor withholds the output.',
  failed: 'The vendor says that the task failed.',
  quota: 'The balance at the vendor is used up.',
  'server-error': 'Refused with the vendor’s words for an internal error, each time.',
  'server-error-once': 'As server-error; the next try is fine.',
  'overloaded-once': 'Refused with the vendor’s words for too much work; the next try is fine.',
  'rate-limited-once': 'Refused with the vendor’s rate limit error; the next try is fine.',
  'proxy-error-once': 'The submit is accepted and recorded, but a gateway in between answers 502 with a page of HTML.',
  'proxy-refusal-once': 'The first look at the task is answered 403 with a page of HTML by a gateway in between.',
  'answer-lost': 'The submit is accepted and recorded, then the connection breaks without an answer.',
  hang: 'The task never ends; a synchronous vendor never answers.',
  'dead-url': 'The output’s URL is refused, as one that has expired.',
  'corrupt-file': 'The output’s bytes are no media.',
  'callback-twice': 'Every callback is sent twice.',
  'old-errors': 'Errors in the older of a vendor’s two forms (elevenlabs).',
} as const;

export type Fault = keyof typeof faults;

export interface Faults {
  has(fault: Fault): boolean;
  /** `[[sandbox:slow=5]]`: the task takes 5 seconds at any speed. */
  slowSeconds?: number;
  /** Markers that do not exist: most likely typing errors, and a test that proves nothing. */
  unknown: string[];
}

const marker = /\[\[sandbox:([a-z-]+)(?:=(\d+(?:\.\d+)?))?(?:@([a-z-]+))?\]\]/gi;

/** `[[sandbox:failed@minimax]]` is a fault of that family only. */
export function faultsOf({ family, prompt }: { family: string; prompt: string }): Faults {
  const found = new Set<string>();
  const unknown: string[] = [];
  let slowSeconds: number | undefined;
  for (const [whole, word = '', value, only] of prompt.matchAll(marker)) {
    const name = word.toLowerCase();
    const elsewhere = only !== undefined && only.toLowerCase() !== family;
    if (elsewhere && (name === 'slow' || Object.hasOwn(faults, name))) continue;
    if (name === 'slow' && value) slowSeconds = Number(value);
    else if (Object.hasOwn(faults, name) && !value) found.add(name);
    else unknown.push(whole);
  }
  return { has: (fault) => found.has(fault), slowSeconds, unknown };
}
