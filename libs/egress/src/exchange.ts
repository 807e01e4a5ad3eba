import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type Address, IDLE_MS, requestTo } from './connections.js';
import { decoded } from './decoded.js';
import type { Ending } from './ending.js';

/** Of an answer, what comes before its body. */
export interface AnswerHead {
  status: number;
  headers: Record<string, string | undefined>;
}

export interface GuardedAnswer extends AnswerHead {
  body: Buffer;
}

export interface StreamedAnswer extends AnswerHead {
  /** Without its content codings. Only that of a 200 is there; any other is not read. */
  body?: Readable;
}

export interface Asked {
  method: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Longer answers are an error, unless `truncate`, which keeps their beginning. */
  maxResponseBytes: number;
  truncate?: boolean;
}

/** An answer longer than was asked for. */
class AnswerTooLongError extends Error {
  override readonly name = 'AnswerTooLongError';

  constructor(readonly maxBytes: number) {
    super(`the answer is longer than ${maxBytes} bytes`);
  }
}

/**
 * One request and its answer: the last one, as those before it are informational. Of Node's own client, as undici takes a `100 Continue`
 * that it did not ask for as the end of the connection. `bytesBefore` count like its own. Throws the reason of `ending`:
 * what was not sent yet is not sent.
 */
export async function exchange(
  target: URL,
  addresses: Address[],
  asked: Asked & { bytesBefore?: number },
  ending: Ending,
): Promise<GuardedAnswer> {
  ending.check();
  const request = requestTo(target, addresses, asked);
  try {
    return await ending.unless(answerTo(request.end(asked.body), asked));
  } catch (error) {
    request.destroy();
    throw error;
  }
}

/** The same for a GET, as far as the head of the answer: its body is still to come. */
export async function beginExchange(
  target: URL,
  addresses: Address[],
  headers: Record<string, string>,
  ending: Ending,
): Promise<StreamedAnswer> {
  ending.check();
  const request = requestTo(target, addresses, { method: 'GET', headers });
  try {
    const response = await ending.unless(
      new Promise<IncomingMessage>((resolve, reject) => listen(request.end(), resolve, reject)),
    );
    const head = { status: response.statusCode ?? 0, headers: joined(response.headers) };
    if (head.status !== 200) {
      request.destroy();
      return head;
    }
    response.once('end', () => {
      if (closesSoon(response.headers)) response.socket.destroy();
    });
    return { ...head, body: decoded(response, response.headers['content-encoding']) };
  } catch (error) {
    request.destroy();
    throw error;
  }
}

function answerTo(
  request: ClientRequest,
  { maxResponseBytes, truncate, bytesBefore = 0 }: Parameters<typeof exchange>[2],
): Promise<GuardedAnswer> {
  return new Promise((resolve, reject) => {
    const tooLong = () => reject(new AnswerTooLongError(maxResponseBytes));
    const receive = (response: IncomingMessage) => {
      const { statusCode: status = 0, headers, socket } = response;
      const chunks: Buffer[] = [];
      let size = bytesBefore;
      const end = () =>
        resolve({ status, headers: joined(headers), body: Buffer.concat(chunks).subarray(0, maxResponseBytes) });
      if (!truncate && size + Number(headers['content-length'] ?? 0) > maxResponseBytes) tooLong();
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (truncate && size >= maxResponseBytes) {
          end();
          request.destroy();
        } else if (size > maxResponseBytes) {
          tooLong();
        }
      });
      response.on('end', () => {
        end();
        if (closesSoon(headers)) socket.destroy();
      });
    };
    listen(request, receive, reject);
  });
}

function listen(
  request: ClientRequest,
  receive: (response: IncomingMessage) => void,
  fail: (error: Error) => void,
): void {
  request
    .on('error', fail)
    .on('response', receive)
    .on('upgrade', (_response, socket) => {
      socket.destroy();
      fail(Object.assign(new Error('it would speak another protocol'), { code: 'EPROTO' }));
    });
}

/** The server says that it closes the connection before we would. */
function closesSoon({ 'keep-alive': hint }: IncomingHttpHeaders): boolean {
  const seconds = /timeout=(\d+)/.exec(String(hint))?.[1];
  return seconds !== undefined && Number(seconds) * 1_000 <= IDLE_MS;
}

const joined = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
