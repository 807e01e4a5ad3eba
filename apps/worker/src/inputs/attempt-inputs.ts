import type { GenerationInput } from '@doitong/contracts';
import { type FileInput, fileInputs, type InputFile, MOST_INPUT_BYTES, unfit } from './input-file.js';
import type { InputReader } from './input-reader.js';

/** A file as a vendor's submit needs it. */
interface Loaded {
  bytes: Buffer;
  contentType: string;
}

/**
 * The customer's files of one attempt. They are on disk while they are read and while the attempt waits, and in memory, of which all attempts
 * share so much, from the first ask of the vendor until it has answered.
 */
export class AttemptInputs {
  private readonly files = new Map<FileInput, Promise<InputFile>>();
  private readonly loaded = new Map<FileInput, Promise<Loaded>>();
  /** For all of the attempt's files at once: two attempts that each have one in memory must not wait for each other. */
  private room?: Promise<() => void>;

  /** `signal` aborts when nobody needs them any more. */
  constructor(
    private readonly reader: InputReader,
    private readonly input: GenerationInput,
    private readonly signal: AbortSignal,
  ) {}

  /** Whether the request has files at all. */
  get any(): boolean {
    return this.names().length > 0;
  }

  /** Reads all that the request has, and keeps them. Throws VendorError for one that is not good. */
  async takeInHand(): Promise<void> {
    for (const name of this.names()) await this.file(name);
  }

  /** From the hand, else anew. Waits for room. */
  read(name: FileInput): Promise<Loaded> {
    return this.kept(this.loaded, name, () => this.load(name));
  }

  /** How long the audio is, in seconds. Throws VendorError where it does not say. */
  async audioSeconds(): Promise<number> {
    const { durationSeconds } = await this.file('audio');
    if (durationSeconds) return durationSeconds;
    throw unfit('audio', 'how long it is cannot be read from the file. Give options.duration, or another file.');
  }

  letGo(): void {
    for (const file of this.files.values()) file.then((read) => read.discard()).catch(() => undefined);
    this.room?.then((giveBack) => giveBack()).catch(() => undefined);
    this.files.clear();
    this.loaded.clear();
    this.room = undefined;
  }

  private names(): FileInput[] {
    return fileInputs.filter((name) => this.input[name]);
  }

  private file(name: FileInput): Promise<InputFile> {
    const url = this.input[name];
    if (!url) throw new Error(`the request has no input.${name}`);
    return this.kept(this.files, name, () => this.reader.read(name, url, this.signal));
  }

  private async load(name: FileInput): Promise<Loaded> {
    const file = await this.file(name);
    this.room ??= this.takeRoom();
    await this.room;
    return { bytes: await file.content(), contentType: file.contentType };
  }

  private async takeRoom(): Promise<() => void> {
    const sizes = this.names().map(async (name) => (await this.files.get(name))?.bytes ?? MOST_INPUT_BYTES);
    const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    return this.reader.memory.take(bytes, this.signal);
  }

  /** What came of it the first time, unless it failed. */
  private kept<T>(known: Map<FileInput, Promise<T>>, name: FileInput, work: () => Promise<T>): Promise<T> {
    let coming = known.get(name);
    if (!coming) {
      coming = work();
      known.set(name, coming);
      coming.catch(() => known.delete(name));
    }
    return coming;
  }
}
