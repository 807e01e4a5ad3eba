import { EgressRefusedError, guardedRequest } from '@doitong/egress';
import { VendorError } from '@doitong/providers/kit';

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 25 * 1024 * 1024;

/** Reads what customers' URLs point at, through the egress guard. */
export class InputReader {
  constructor(private readonly allowLoopback: boolean) {}

  /** VendorError `invalid-input` when the URL may not be read or does not answer with a file. */
  async read(url: string): Promise<{ bytes: Buffer; contentType: string }> {
    try {
      const answer = await guardedRequest(url, {
        method: 'GET',
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: MAX_BYTES,
        allowHttp: true,
        allowLoopback: this.allowLoopback,
      });
      if (answer.status !== 200) throw new Error(`it answered with status ${answer.status}`);
      return { bytes: answer.body, contentType: answer.headers['content-type'] ?? 'application/octet-stream' };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // What the guard says is written for customers; what the network says is not.
      const told = error instanceof EgressRefusedError ? reason : 'It does not answer with a file.';
      const publicMessage = `An input URL could not be read. ${told}`;
      throw new VendorError('invalid-input', `${url}: ${reason}`, { publicMessage, cause: error });
    }
  }
}
