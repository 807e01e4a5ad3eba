import Type, { type Static } from 'typebox';
import { Id, maybe, own, type Refusal, shaped, VendorError, type VendorErrorKind } from '../kit/index.js';

/** V1 answers errors as HTTP 200 with a code other than 0 here. */
const BaseResp = Type.Object({ status_code: Type.Number(), status_msg: maybe(Type.String()) });

/** A refused submit may have an empty id (unverified). */
export const SubmitAnswer = Type.Object({ task_id: Type.Union([Id, Type.Literal('')]) });
export const QueryAnswer = Type.Object({
  status: Type.String({ minLength: 1 }),
  file_id: maybe(Id),
  base_resp: maybe(BaseResp),
});
export const FileAnswer = Type.Object({ file: Type.Object({ download_url: Type.String({ minLength: 1 }) }) });
export const ImageAnswer = Type.Object({
  data: maybe(Type.Object({ image_urls: maybe(Type.Array(Type.String())) })),
});

/**
 * What V1's codes mean. Source: the vendor's page of error codes, unless told otherwise. What is not here is `failed`.
 */
const kindOfCode: Record<number, VendorErrorKind> = {
  // "Unknown error": it does not say whether a task was made.
  1000: 'server-error',
  // "Timeout", behind the vendor's door: the task may exist all the same.
  1001: 'submission-unknown',
  1002: 'rate-limited',
  1004: 'credential',
  1008: 'balance',
  // "Internal error" both: neither says whether a task was made.
  1013: 'server-error',
  1024: 'server-error',
  1026: 'content-rejected',
  1027: 'content-rejected',
  // Used-up quota, both. Source: the vendor's command line client.
  1028: 'balance',
  1030: 'balance',
  // "System error", of its database: a task may be made without an answer.
  1033: 'server-error',
  // Limits on tokens, connections and growth: refused at the door.
  1039: 'rate-limited',
  1041: 'rate-limited',
  1042: 'invalid-input',
  2013: 'invalid-input',
  2045: 'rate-limited',
  2049: 'credential',
  2056: 'balance',
  // The plan does not have this model.
  2061: 'forbidden',
};

/** The vendor's other error form, of its second API and, it may be, of the door that both share. */
const DoorError = Type.Object({ type: Type.Literal('error'), error: Type.Object({ type: Type.String() }) });
const TaskAnswer = Type.Object({ status: maybe(Type.String()), base_resp: BaseResp });

/** A failed task carries a code too: where there is a task status, the code is about the task and not about the call. */
export function refusalOf(body: unknown): Refusal {
  if (shaped(DoorError, body)) return 'by-status';
  const answer = shaped(TaskAnswer, body);
  if (!answer?.base_resp.status_code || answer.status) return undefined;
  return own(kindOfCode, answer.base_resp.status_code) ?? 'failed';
}

/** File id of a finished task, undefined while it runs. Words that we do not know mean running. */
export function finishedFile(answer: Static<typeof QueryAnswer>): string | undefined {
  // The vendor's documents say `Fail`, its own client `Failed`.
  if (answer.status === 'Fail' || answer.status === 'Failed') throw failedTask(answer.base_resp);
  if (answer.status !== 'Success') return undefined;
  if (!answer.file_id) throw new VendorError('failed', 'task succeeded without a file', { doubtful: true });
  return String(answer.file_id);
}

/** Only these codes say why a task failed; with any other it just failed. */
const verdicts = new Set<VendorErrorKind>(['content-rejected', 'invalid-input']);

function failedTask(reason: Static<typeof BaseResp> | undefined): VendorError {
  const kind = own(kindOfCode, reason?.status_code) ?? 'failed';
  return new VendorError(
    verdicts.has(kind) ? kind : 'failed',
    `task failed: ${reason?.status_code} ${reason?.status_msg}`,
  );
}

/** First image of a call that succeeded; a blocked image is simply missing. */
export function imageUrl(answer: Static<typeof ImageAnswer>): string {
  const url = answer.data?.image_urls?.[0];
  if (!url) throw new VendorError('content-rejected', 'no image among the results');
  return url;
}
