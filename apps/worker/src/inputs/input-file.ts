import { VendorError } from '@doitong/providers/kit';

/** The inputs that are files. */
export const fileInputs = ['image', 'audio'] as const;
export type FileInput = (typeof fileInputs)[number];

/** A customer's file that was read and found good. A long one is on disk. */
export interface InputFile {
  bytes: number;
  /** By its bytes. */
  contentType: string;
  /** Of audio; absent where its bytes do not say it. */
  durationSeconds?: number;
  content(): Promise<Buffer>;
  /** To be called once it is no longer needed. */
  discard(): Promise<void>;
}

/** Longer ones are refused. */
export const MOST_INPUT_BYTES = 25 * 1024 * 1024;

/** The customer's file is not what it must be; `why` is for the customer, and `cause` for the log alone. */
export function unfit(name: FileInput, why: string, cause?: Error): VendorError {
  return refusal('input-unfit', name, why, cause);
}

/** The host of the customer's file did not give it just now. */
export function unavailable(name: FileInput, why: string, cause?: Error): VendorError {
  return refusal('input-unavailable', name, why, cause);
}

function refusal(kind: 'input-unfit' | 'input-unavailable', name: FileInput, why: string, cause?: Error): VendorError {
  const publicMessage = `input.${name}: ${why}`;
  return new VendorError(kind, cause ? `${publicMessage} (${cause.message})` : publicMessage, { publicMessage, cause });
}
