import type { AttemptJob, ContentType, Mode, Output } from '@doitong/contracts';
import { type AssetStore, OutputError, storeOutput } from '@doitong/media';
import { VendorError, type VendorOutput } from '@doitong/providers/kit';

/** An output that is not stored yet, which may pass: the vendor denies its file, its network does not serve it, or our store is out of order. */
export class NotStored extends VendorError {
  constructor(
    readonly by: 'vendor' | 'network' | 'store',
    cause: unknown,
  ) {
    super('output-lost', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Whether a URL leads to a place of the operator's own, which need not be at a public address. */
export type Trusts = (url: URL) => boolean;

interface OutputLimits {
  maxBytes: number;
  /** By mode, as the sandbox is to be reached by test generations only. */
  trusts: Record<Mode, Trusts>;
}

const kinds: Record<ContentType, 'VIDEO' | 'IMAGE' | 'AUDIO'> = {
  VIDEO: 'VIDEO',
  IMAGE: 'IMAGE',
  AUDIO: 'AUDIO',
  AVATAR: 'VIDEO',
};

/** Copies what vendors made into our own store. */
export class Outputs {
  constructor(
    private readonly assets: AssetStore,
    private readonly limits: OutputLimits,
  ) {}

  /**
   * Named by the attempt, so that storing it again is the same file. VendorError `output-lost` for what may not be fetched, is no media, or is
   * of another kind than was asked for; NotStored for what may pass; the signal's reason.
   */
  async put(
    { generationId, attemptId, type, mode }: AttemptJob,
    { source, hint }: VendorOutput,
    signal: AbortSignal,
  ): Promise<Output> {
    const { maxBytes, trusts } = this.limits;
    try {
      const stored = await storeOutput(this.assets, `${generationId}/${attemptId}`, source, {
        hint,
        kind: kinds[type],
        maxBytes,
        trusts: trusts[mode],
        signal,
      });
      const { key, bytes, contentType, format, width, height, durationSeconds } = stored;
      return { key, bytes, contentType, format, width, height, durationSeconds };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof OutputError)) throw new NotStored('store', error);
      if (error.code === 'OUTPUT_UNAVAILABLE') throw new NotStored('network', error);
      if (error.code === 'OUTPUT_DENIED') throw new NotStored('vendor', error);
      throw new VendorError('output-lost', error.message, { cause: error });
    }
  }
}
