/**
 * Why an output could not be stored. `OUTPUT_UNAVAILABLE`: nothing serves it just now; `OUTPUT_DENIED`: its URL is answered, but not with
 * the file; `OUTPUT_UNSAFE`: its URL may not be requested; `OUTPUT_INVALID`: it is no media, or of another kind than was asked for;
 * `OUTPUT_TOO_LARGE`: it is longer than allowed. The first two may pass.
 */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(
    readonly code: 'OUTPUT_UNAVAILABLE' | 'OUTPUT_DENIED' | 'OUTPUT_UNSAFE' | 'OUTPUT_INVALID' | 'OUTPUT_TOO_LARGE',
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}
