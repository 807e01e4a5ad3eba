import { VendorError } from '@doitong/providers/kit';

/** The inputs that are files. */
export const fileInputs = ['image', 'audio'] as const;
export type FileInput = (typeof fileInputs)[number];

export interface InputFile {
  bytes: Buffer;
  /** By its bytes. */
  contentType: string;
}

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
