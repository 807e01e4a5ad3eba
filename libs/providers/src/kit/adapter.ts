import type { ContentType, FamilyManifest, GenerationInput, VendorTask } from '@doitong/contracts';

/** What an adapter is asked to carry out. Options are effective: validated, adjusted, defaults filled in. */
export interface VendorRequest {
  attemptId: string;
  type: ContentType;
  provider: string;
  model: string;
  input: GenerationInput;
  options: Record<string, unknown>;
}

/** The vendor as this attempt reaches it. */
export interface VendorContext {
  /** Without a trailing slash. The live API, or the sandbox speaking its wire. */
  baseUrl: string;
  /** The secret, in the form that the vendor hands out. */
  credential: string;
  /** Unguessable URL of ours for this attempt; absent when callbacks cannot reach us. */
  callbackUrl?: string;
  /** Aborts when the attempt is over. */
  signal: AbortSignal;
  /** The customer's file, with the content type that its bytes show. VendorError `input-unfit` or `input-unavailable` when it cannot be had. */
  readInput(name: 'image' | 'audio'): Promise<{ bytes: Buffer; contentType: string }>;
}

export interface VendorOutput {
  source: { url: string; headers?: Record<string, string> } | { bytes: Buffer };
  /** For bytes without a header of their own, such as raw PCM. */
  hint?: { format: string; sampleRate: number };
  /** What the vendor says that it charged, in micro-USD; absent where it does not say, and the model's `vendorPrice` counts. */
  costMicroUsd?: number;
}

/**
 * An asynchronous vendor answers a submit with a task, a synchronous one with the output itself. `pollInMs`: when to poll,
 * where the adapter knows better than the model's expected time; scaled with the schedule.
 */
export type Submission =
  | { kind: 'task'; task: VendorTask; pollInMs?: number }
  | { kind: 'output'; output: VendorOutput };

/**
 * `progress` 0 to 100, where the vendor tells it. A failed task is a thrown VendorError.
 * `task`: a chain of vendor jobs went on to its next step. It replaces the task that was polled, must be durable before the
 * next poll, and the polling schedule starts anew (`pollInMs` goes with it). Polling the replaced task again is harmless: it leads to the same next step.
 */
export type PollResult =
  | { status: 'running'; progress?: number; task?: VendorTask; pollInMs?: number }
  | { status: 'succeeded'; output: VendorOutput };

/** What a callback means: answer a challenge with this body, or look at the task now. Never a verdict in itself. */
export type Callback = { kind: 'challenge'; reply: Record<string, unknown> } | { kind: 'hint' };

/**
 * One vendor family. Every method throws VendorError and nothing else for what the vendor or the network did.
 */
export interface ProviderAdapter {
  /**
   * Asks the vendor once. Throws VendorError `submission-unknown` when the vendor may have taken it although no answer came.
   */
  submit(request: VendorRequest, vendor: VendorContext): Promise<Submission>;
  /**
   * Looks at a task. Called again after success, it gives a fresh output URL where the vendor renews them.
   * VendorError `rate-limited` or `unavailable` is no verdict on the task: poll again.
   */
  poll(task: VendorTask, vendor: VendorContext): Promise<PollResult>;
  /** Whether a poll of this task may start a further step, which the vendor charges. Absent where none does. */
  pollStarts?(task: VendorTask): boolean;
  /** Asks the vendor to stop a task that nobody waits for any more; may be asked again. Absent where the vendor cannot. */
  cancel?(task: VendorTask, vendor: VendorContext): Promise<void>;
  /**
   * Finds a submit whose answer was lost, made since `submittedAfter`. Undefined: the vendor does not know it (yet).
   * Absent where the vendor has no look-up. A vendor that dedupes on an id of ours implements this by submitting again.
   */
  lookup?(request: VendorRequest, vendor: VendorContext, submittedAfter: Date): Promise<Submission | undefined>;
  /** Reads a callback's body. Absent where the vendor has none. */
  parseCallback?(body: unknown): Callback;
}

/** All that the platform knows of a vendor family: what it offers, where it is, how to speak to it. */
export interface ProviderFamily {
  manifest: FamilyManifest;
  adapter: ProviderAdapter;
  /** The vendor's live API, without a trailing slash. */
  baseUrl: string;
}
