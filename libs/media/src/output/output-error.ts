/**
 * Why an output could not be stored. `OUTPUT_UNAVAILABLE`: its URL does not serve it, asked again or not at all where that is no
 * use; `OUTPUT_INVALID`: it is no media; `OUTPUT_TOO_LARGE`: it is longer than allowed.
 */
export class OutputError extends Error {
  override readonly name = 'OutputError';

  constructor(
    readonly code: 'OUTPUT_UNAVAILABLE' | 'OUTPUT_INVALID' | 'OUTPUT_TOO_LARGE',
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
  }
}
