import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Fault, faultsOf } from './faults.js';

/** Reasons for which a submit is refused outright. */
export type Refusal = 'quota' | 'content-rejected' | 'server-error' | 'overloaded' | 'rate-limited';

/** What is asked, and with which credential: one caller's prompts are told from another's. */
export interface Ask {
  family: string;
  credential: string;
  prompt: string;
}

const always: [Fault, Refusal][] = [
  ['quota', 'quota'],
  ['content-rejected', 'content-rejected'],
  ['server-error', 'server-error'],
];
const once: [Fault, Refusal][] = [
  ['server-error-once', 'server-error'],
  ['overloaded-once', 'overloaded'],
  ['rate-limited-once', 'rate-limited'],
];

/** Tells whether a fault is to happen now. */
@Injectable()
export class FaultGate {
  private readonly metBefore = new LRUCache<string, true>({ max: 10_000 });
  private readonly looksRefused = new LRUCache<string, true>({ max: 10_000 });

  refusalOf(ask: Ask): Refusal | undefined {
    const found = faultsOf(ask);
    const constant = always.find(([fault]) => found.has(fault));
    if (constant) return constant[1];
    return once.find(([fault]) => this.isDue(fault, ask))?.[1];
  }

  /** Met, not met, met, …: each text that is asked anew meets its fault again. */
  isDue(fault: Fault, ask: Ask): boolean {
    if (!faultsOf(ask).has(fault)) return false;
    const key = `${ask.family}\n${ask.credential}\n${fault}\n${ask.prompt}`;
    if (this.metBefore.delete(key)) return false;
    this.metBefore.set(key, true);
    return true;
  }

  /** Of all looks at one task, the first. */
  refusesLook(task: Ask & { id: string }): boolean {
    if (!faultsOf(task).has('proxy-refusal-once') || this.looksRefused.has(task.id)) return false;
    this.looksRefused.set(task.id, true);
    return true;
  }
}
