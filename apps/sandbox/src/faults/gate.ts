import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Fault, faultsOf } from './faults.js';

/** Reasons for which a submit is refused outright. */
export type Refusal = 'quota' | 'content-rejected' | 'server-error' | 'rate-limited';

/** What is asked, and with which credential: one caller's prompts are told from another's. */
interface Ask {
  family: string;
  credential: string;
  prompt: string;
}

const always: [Fault, Refusal][] = [
  ['quota', 'quota'],
  ['content-rejected', 'content-rejected'],
];
const once: [Fault, Refusal][] = [
  ['server-error-once', 'server-error'],
  ['rate-limited-once', 'rate-limited'],
];

/** Tells whether a submit is to be refused. */
@Injectable()
export class FaultGate {
  private readonly refusedBefore = new LRUCache<string, true>({ max: 10_000 });

  refusalOf({ family, credential, prompt }: Ask): Refusal | undefined {
    const found = faultsOf({ family, prompt });
    const constant = always.find(([fault]) => found.has(fault));
    if (constant) return constant[1];
    return once.find(
      ([fault]) => found.has(fault) && this.isFirst(`${family}\n${credential}\n${fault}\n${prompt}`),
    )?.[1];
  }

  /** Refused, accepted, refused, …: each text that is asked anew meets its fault again. */
  private isFirst(key: string): boolean {
    if (this.refusedBefore.delete(key)) return false;
    this.refusedBefore.set(key, true);
    return true;
  }
}
