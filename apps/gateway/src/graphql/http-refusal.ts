/** Bytes. */
export const LARGEST_BODY = 1024 * 1024;

/** A request that HTTP itself has a status for; the message is for the customer. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';

  constructor(
    readonly statusCode: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}
