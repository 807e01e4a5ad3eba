import Type, { type Static } from 'typebox';
import { maybe, VendorError, type VendorErrorKind } from '../kit/index.js';

/** V1 answers errors as HTTP 200 with a code other than 0 here. */
const BaseResp = Type.Object({ status_code: Type.Number(), status_msg: maybe(Type.String()) });
/** Ids are strings in one answer and numbers in another; a refused submit may have an empty one (unverified). */
const Id = Type.Union([Type.String(), Type.Number()]);

export const SubmitAnswer = Type.Object({ task_id: Id, base_resp: maybe(BaseResp) });
export const QueryAnswer = Type.Object({
  status: Type.String({ minLength: 1 }),
  file_id: maybe(Id),
  base_resp: maybe(BaseResp),
});
export const FileAnswer = Type.Object({ file: Type.Object({ download_url: Type.String({ minLength: 1 }) }) });
export const ImageAnswer = Type.Object({
  data: maybe(Type.Object({ image_urls: maybe(Type.Array(Type.String())) })),
});
const Refused = Type.Object({ base_resp: BaseResp });

/** https://platform.minimax.io error codes; what is not here is `failed`. */
const kindOfCode: Record<number, VendorErrorKind> = {
  1000: 'unavailable',
  // A time-out behind the vendor's door: the task may exist all the same.
  1001: 'submission-unknown',
  1002: 'rate-limited',
  1004: 'credential',
  1008: 'balance',
  1013: 'unavailable',
  1024: 'unavailable',
  1026: 'content-rejected',
  1027: 'content-rejected',
  1028: 'balance',
  1030: 'balance',
  1033: 'unavailable',
  1039: 'rate-limited',
  1041: 'rate-limited',
  1042: 'invalid-input',
  2013: 'invalid-input',
  2045: 'rate-limited',
  2049: 'credential',
  2056: 'balance',
  2061: 'credential',
};

/** A failed task carries a code too: where there is a task status, the code is about the task and not about the call. */
export function refusalOf(body: unknown): VendorErrorKind | undefined {
  const { base_resp, status } = (body ?? {}) as Partial<Static<typeof Refused>> & { status?: string };
  if (!base_resp?.status_code || status) return undefined;
  return kindOfCode[base_resp.status_code] ?? 'failed';
}

/** File id of a finished task, undefined while it runs. Words that we do not know mean running. */
export function finishedFile(answer: Static<typeof QueryAnswer>): string | undefined {
  // The vendor's documents say `Fail`, its own client `Failed`.
  if (answer.status === 'Fail' || answer.status === 'Failed') throw failedTask(answer.base_resp);
  if (answer.status !== 'Success') return undefined;
  if (!answer.file_id) throw new VendorError('failed', 'task succeeded without a file');
  return String(answer.file_id);
}

/** Only these codes say why a task failed; with any other it just failed. */
const verdicts = new Set<VendorErrorKind>(['content-rejected', 'invalid-input']);

function failedTask(reason: Static<typeof BaseResp> | null | undefined): VendorError {
  const kind = kindOfCode[reason?.status_code ?? 0] ?? 'failed';
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
