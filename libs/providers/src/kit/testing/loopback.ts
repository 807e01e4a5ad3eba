import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VendorContext } from '../adapter.js';

/** One scripted answer. `fault`: the connection breaks, or stays open for ever, once the request has arrived. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  bytes?: Buffer;
  fault?: 'reset' | 'hang';
}

interface Heard {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  text: string;
  /** Undefined when the body is no JSON. */
  json: Record<string, unknown> | undefined;
}

export interface ScriptedVendor {
  baseUrl: string;
  heard: Heard[];
  /** How this vendor is reached, with a credential that must turn up nowhere else. */
  context(over?: Partial<VendorContext>): VendorContext;
  close(): Promise<void>;
}

export const testCredential = 'key-id-0123:secret-4567';

/** A vendor on the loopback interface. `script`: the answers to `POST /path`, in turn; the last one stays. */
export async function scriptedVendor(script: Record<string, Reply | Reply[]>): Promise<ScriptedVendor> {
  const heard: Heard[] = [];
  const turns = new Map(Object.entries(script).map(([route, replies]) => [route, [replies].flat()]));
  const server = createServer(async (incoming, response) => {
    const request = await hear(incoming);
    heard.push(request);
    const replies = turns.get(`${request.method} ${request.path}`);
    const reply = replies && replies.length > 1 ? replies.shift() : replies?.[0];
    answer(response, reply ?? { status: 404, json: { error: 'not scripted' } });
  });
  // Else a standstill has it close a connection just as the next request is sent into it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl,
    heard,
    context: (over) => vendorContext(baseUrl, over),
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

export function vendorContext(baseUrl: string, over: Partial<VendorContext> = {}): VendorContext {
  return {
    baseUrl,
    credential: testCredential,
    signal: new AbortController().signal,
    readInput: async () => ({ bytes: Buffer.from('input'), contentType: 'image/png' }),
    ...over,
  };
}

/** Reads `__fixtures__` beside a spec: `fixturesOf(import.meta.url)('submit.json')`. */
export function fixturesOf(specUrl: string): (name: string) => unknown {
  return (name) => JSON.parse(readFileSync(new URL(`./__fixtures__/${name}`, specUrl), 'utf8'));
}

async function hear(incoming: IncomingMessage): Promise<Heard> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(incoming.url ?? '/', 'http://vendor');
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: incoming.headers,
    text,
    json: text.startsWith('{') ? JSON.parse(text) : undefined,
  };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply.fault === 'hang') return;
  if (reply.fault === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const type = reply.bytes ? 'application/octet-stream' : 'application/json';
  response.writeHead(reply.status ?? 200, { 'content-type': type, ...reply.headers });
  response.end(reply.bytes ?? JSON.stringify(reply.json));
}
