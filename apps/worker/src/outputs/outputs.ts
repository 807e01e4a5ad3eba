import type { AttemptJob, Output } from '@doitong/contracts';
import { type AssetStore, OutputError, storeOutput } from '@doitong/media';
import { VendorError, type VendorOutput } from '@doitong/providers/kit';

/** The vendor's URL does not serve the file (any more). */
export class OutputUnavailable extends VendorError {
  constructor(cause: Error) {
    super('output-lost', cause.message, { cause });
  }
}

/** Copies what vendors made into our own store. */
export class Outputs {
  constructor(
    private readonly store: AssetStore,
    private readonly maxBytes: number,
  ) {}

  /** Named by the attempt, so that storing it again is the same file. VendorError `output-lost` when it is gone or no media. */
  async put({ generationId, attemptId }: AttemptJob, { source, hint }: VendorOutput): Promise<Output> {
    try {
      const stored = await storeOutput(this.store, `${generationId}/${attemptId}`, source, {
        hint,
        maxBytes: this.maxBytes,
      });
      const { key, bytes, contentType, format, width, height, durationSeconds } = stored;
      return { key, bytes, contentType, format, width, height, durationSeconds };
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      if (error.code === 'OUTPUT_UNAVAILABLE') throw new OutputUnavailable(error);
      throw new VendorError('output-lost', error.message, { cause: error });
    }
  }
}
