import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import type { FormData } from 'undici';
import type { VendorContext } from './adapter.js';
import { VendorError, type VendorErrorKind } from './errors.js';
import { kindOfRead, kindOfStatus, retryAfterMs } from './outcomes.js';
import { type RawAnswer, send } from './transport.js';

export interface VendorAsk {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL; or a whole URL, when the caller vouches that the credential may go there. */
  path: string;
  query?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as multipart. */
  form?: FormData;
  /** The vendor starts work on this, and would start it again on a repeat: a lost answer is `submission-unknown`. */
  submits?: boolean;
  timeoutMs?: number;
}

export interface VendorDialect {
  /** Headers that carry the credential. */
  auth: Record<string, string>;
  /** What a JSON answer of any status refuses by the vendor's own codes. Undefined leaves it to the HTTP status. */
  refusal?(body: unknown): VendorErrorKind | undefined;
}

const defaultTimeoutMs = 30_000;
const maxJsonBytes = 4 * 1024 * 1024;
const maxFileBytes = 128 * 1024 * 1024;
/** Shorter parts of a credential are no secrets. */
const shortestSecret = 8;

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
const validators = new WeakMap<TSchema, ValidateFunction>();

/** Speaks to one vendor on behalf of one attempt. The only place where answers, and their absence, become VendorErrors. */
export class VendorHttp {
  constructor(
    private readonly vendor: VendorContext,
    private readonly dialect: VendorDialect,
  ) {}

  /** A successful answer of this shape; fields that the schema does not name are let through. */
  async json<T extends TSchema>(schema: T, ask: VendorAsk): Promise<Static<T>> {
    const answer = await this.send(ask, 'application/json', maxJsonBytes);
    const body = parsed(answer.bytes);
    this.refuse(ask, answer, body);
    if (!validatorOf(schema)(body)) throw this.strange(ask, answer);
    return body as Static<T>;
  }

  /** A successful answer that is a file. */
  async file(ask: VendorAsk): Promise<RawAnswer> {
    const answer = await this.send(ask, '*/*', maxFileBytes);
    const isJson = String(answer.headers['content-type']).includes('json');
    this.refuse(ask, answer, isJson ? parsed(answer.bytes) : undefined);
    if (isJson || answer.bytes.length === 0) throw this.strange(ask, answer);
    return answer;
  }

  private async send(ask: VendorAsk, accept: string, maxBytes: number): Promise<RawAnswer> {
    const url = new URL(ask.path.startsWith('/') ? this.vendor.baseUrl + ask.path : ask.path);
    for (const [name, value] of Object.entries(ask.query ?? {})) url.searchParams.set(name, value);
    try {
      return await send({
        method: ask.method,
        url: url.href,
        headers: {
          accept,
          ...(ask.json === undefined ? {} : { 'content-type': 'application/json' }),
          ...this.dialect.auth,
        },
        body: ask.json === undefined ? ask.form : JSON.stringify(ask.json),
        submits: ask.submits ?? false,
        signal: this.vendor.signal,
        timeoutMs: ask.timeoutMs ?? defaultTimeoutMs,
        maxBytes,
      });
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      throw new VendorError(error.kind, this.redact(error.message), { cause: error.cause });
    }
  }

  private refuse(ask: VendorAsk, answer: RawAnswer, body: unknown): void {
    const succeeded = answer.status >= 200 && answer.status < 300;
    const kind = this.dialect.refusal?.(body) ?? (succeeded ? undefined : kindOfStatus(answer.status));
    if (kind) throw this.error(kind, ask, answer);
  }

  /** An answer that says yes, but not in any way we know. */
  private strange(ask: VendorAsk, answer: RawAnswer): VendorError {
    return this.error('submission-unknown', ask, answer);
  }

  private error(said: VendorErrorKind, ask: VendorAsk, answer: RawAnswer): VendorError {
    const safe = said === 'submission-unknown' && !ask.submits ? 'unavailable' : said;
    const kind = ask.method === 'GET' ? kindOfRead(safe, answer.status) : safe;
    const start = answer.bytes.toString('utf8', 0, 500);
    return new VendorError(kind, this.redact(`${ask.method} ${ask.path}: HTTP ${answer.status} ${start}`), {
      retryAfterMs: retryAfterMs(answer.headers['retry-after'], Date.now()),
    });
  }

  /** Vendors may quote the credential that they refuse. */
  private redact(text: string): string {
    const { credential } = this.vendor;
    const parts = credential.split(':').filter((part) => part.length >= shortestSecret);
    return [credential, ...parts].reduce((clean, secret) => clean.replaceAll(secret, '[credential]'), text);
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function validatorOf(schema: TSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known) return known;
  const made = ajv.compile(schema);
  validators.set(schema, made);
  return made;
}
