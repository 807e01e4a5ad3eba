import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Received {
  method: string;
  /** With the query string. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Exactly as sent, so that a signature can be checked. */
  body: string;
  /** Milliseconds since the epoch, when the body was complete. */
  receivedAt: number;
}

export interface Answer {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Wait this long before answering. */
  delayMs?: number;
  /** Never answer. */
  hang?: boolean;
}

/** An HTTP server on 127.0.0.1 that records what is sent to it: a customer's webhook endpoint, a vendor's callback. */
export interface Receiver {
  url: string;
  requests: Received[];
  /** What to answer from now on. */
  answer(answer: Answer | ((request: Received) => Answer)): void;
  /** What to answer to the next requests, one each, before `answer` counts again. */
  answerNext(...answers: Answer[]): void;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const requests: Received[] = [];
  const next: Answer[] = [];
  let standing: (request: Received) => Answer = () => ({});

  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const received = { method, path, headers, body, receivedAt: Date.now() };
    requests.push(received);
    await send(response, next.shift() ?? standing(received));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer(answer) {
      standing = typeof answer === 'function' ? answer : () => answer;
    },
    answerNext: (...answers) => void next.push(...answers),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function send(
  response: ServerResponse,
  { status = 200, headers, body, delayMs = 0, hang }: Answer,
): Promise<void> {
  if (hang) return;
  if (delayMs) await sleep(delayMs, undefined, { ref: false });
  response.writeHead(status, headers).end(body);
}
