import type { GenerationInput } from '@doitong/contracts';
import { type FileInput, fileInputs, type InputFile } from './input-file.js';
import type { InputReader } from './input-reader.js';

/** The customer's files of one attempt. */
export class AttemptInputs {
  private readonly inHand = new Map<FileInput, InputFile>();

  /** `signal` aborts when nobody needs them any more. */
  constructor(
    private readonly reader: InputReader,
    private readonly input: GenerationInput,
    private readonly signal: AbortSignal,
  ) {}

  /** Reads all that the request has, and keeps them. Throws VendorError for one that is not good. */
  async takeInHand(): Promise<void> {
    for (const name of fileInputs) if (this.input[name]) this.inHand.set(name, await this.read(name));
  }

  /** From the hand, else anew. */
  async read(name: FileInput): Promise<InputFile> {
    const url = this.input[name];
    if (!url) throw new Error(`the request has no input.${name}`);
    return this.inHand.get(name) ?? this.reader.read(name, url, this.signal);
  }

  letGo(): void {
    this.inHand.clear();
  }
}
