import type { ReplyOf, Request, RequestOf } from '@doitong/contracts';
import { MessageBus } from '../bus/message-bus.js';

/** Only a bound on a hang: a machine that stands still for seconds answers sooner. */
export const ANSWER_MS = 30_000;

/** Gives up on an answer only where the machine was not merely slow. */
export class PatientBus extends MessageBus {
  override request<M extends Request>(message: M, body: RequestOf<M>, timeoutMs = ANSWER_MS): Promise<ReplyOf<M>> {
    return super.request(message, body, timeoutMs);
  }
}
