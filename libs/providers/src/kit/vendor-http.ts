import type { Static, TSchema } from 'typebox';
import type { FormData } from 'undici';
import type { VendorContext } from './adapter.js';
import { VendorError } from './errors.js';
import { type Call, type Meaning, meaningOf, ofUnreadable, type Refusal, retryAfterMs } from './outcomes.js';
import { shaped } from './shape.js';
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
  /**
   * Sent as the header `Idempotency-Key`: the vendor answers a repeat with what it answered first. Any other POST or DELETE is a
   * submit, whose lost answer is `submission-unknown`.
   */
  idempotencyKey?: string;
  timeoutMs?: number;
}

export interface VendorDialect {
  /** Headers that carry the credential. */
  auth: Record<string, string>;
  /** What the JSON of an answer refuses; the body of a status that is no success is undefined where it is no JSON. */
  refusal(body: unknown): Refusal;
}

const defaultTimeoutMs = 30_000;
const maxJsonBytes = 4 * 1024 * 1024;
const maxFileBytes = 128 * 1024 * 1024;
/** Shorter parts of a credential are no secrets. */
const shortestSecret = 8;

/** Speaks to one vendor on behalf of one attempt. The only place where answers, and their absence, become VendorErrors. */
export class VendorHttp {
  constructor(
    private readonly vendor: VendorContext,
    private readonly dialect: VendorDialect,
  ) {}

  /** A successful answer of this shape; fields that the schema does not name are let through. */
  async json<T extends TSchema>(schema: T, ask: VendorAsk): Promise<Static<T>> {
    const answer = await this.send(ask, 'application/json', maxJsonBytes);
    const body = parsed(answer);
    this.refuse(ask, answer, body);
    const known = shaped(schema, body);
    if (known === undefined) throw this.unreadable(ask, answer);
    return known;
  }

  /** A successful answer that is a file. */
  async file(ask: VendorAsk): Promise<RawAnswer> {
    const answer = await this.send(ask, '*/*', maxFileBytes);
    const isPage = /json|html/.test(String(answer.headers['content-type']));
    this.refuse(ask, answer, isPage ? parsed(answer) : undefined);
    if (isPage || answer.bytes.length === 0) throw this.unreadable(ask, answer);
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
          ...(ask.idempotencyKey === undefined ? {} : { 'idempotency-key': ask.idempotencyKey }),
          ...this.dialect.auth,
        },
        body: ask.json === undefined ? ask.form : JSON.stringify(ask.json),
        submits: callOf(ask) === 'submit',
        signal: this.vendor.signal,
        timeoutMs: ask.timeoutMs ?? defaultTimeoutMs,
        maxBytes,
      });
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      const { kind, repeatable, cause } = error;
      throw new VendorError(kind, this.redact(error.message), { repeatable, cause });
    }
  }

  private refuse(ask: VendorAsk, answer: RawAnswer, body: unknown): void {
    const meaning = meaningOf(callOf(ask), answer.status, this.dialect.refusal(body));
    if (meaning) throw this.error(meaning, ask, answer);
  }

  /** An answer that says yes, but not in any way that we know. */
  private unreadable(ask: VendorAsk, answer: RawAnswer): VendorError {
    return this.error({ kind: ofUnreadable(callOf(ask)), doubtful: false }, ask, answer);
  }

  private error({ kind, doubtful }: Meaning, ask: VendorAsk, answer: RawAnswer): VendorError {
    const start = answer.bytes.toString('utf8', 0, 500);
    return new VendorError(kind, this.redact(`${ask.method} ${ask.path}: HTTP ${answer.status} ${start}`), {
      doubtful,
      repeatable: callOf(ask) !== 'submit',
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

function callOf({ method, idempotencyKey }: VendorAsk): Call {
  if (method === 'GET') return 'read';
  return idempotencyKey === undefined ? 'submit' : 'repeatable';
}

/** JSON is UTF-8. Some servers begin it with a byte-order mark, which the decoder drops. */
function parsed({ bytes }: RawAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
