import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** What a log line tells of the work that it belongs to, whichever service writes it. */
export interface RequestContext {
  requestId: string;
  generationId?: string;
  /** For whom an operator's request is made; only what an operator began has one. */
  actor?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const currentContext = (): RequestContext | undefined => storage.getStore();

export const currentRequestId = (): string => storage.getStore()?.requestId ?? randomUUID();

/** Who made the change that is under way. Only the admin identity can ask for one, so that it is the admin where no name was given. */
export const currentActor = (): string => storage.getStore()?.actor ?? 'admin';

export function withContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** Adds the generation to all that this request logs from here on. */
export function noteGeneration(generationId: string): void {
  const context = storage.getStore();
  if (context) context.generationId = generationId;
}
