import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';

/** The sandbox app in a process of its own, as `startService` of @doitong/support starts it. */
export type StartSandbox = (env: Record<string, string>) => Promise<{ url: string; stop(): Promise<unknown> }>;

export interface Sandbox {
  url: string;
  /** Accepted submits whose prompt contains this, each with a task of its own. */
  submits(family: string, prompt: string): Promise<number>;
  /** Asks with such a prompt, also those that were refused or known already. */
  asks(family: string, prompt: string): Promise<number>;
  stop(): Promise<void>;
}

/** At full speed, with a data folder that goes away with it. */
export async function startSandbox(start: StartSandbox): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'provider-contract-'));
  const service = await start({ SANDBOX_SPEED: '0', SANDBOX_DATA_DIR: folder });
  const counts = async (family: string, prompt: string) => {
    const answer = await fetch(`${service.url}/_sandbox/submits?${new URLSearchParams({ family, prompt })}`);
    return (await answer.json()) as { total: number; asked: number };
  };
  return {
    url: service.url,
    submits: async (family, prompt) => (await counts(family, prompt)).total,
    asks: async (family, prompt) => (await counts(family, prompt)).asked,
    async stop() {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface Listener {
  url: string;
  stop(): Promise<void>;
}

/** Where the sandbox calls back: each body is answered with what `reply` makes of it. */
export function listenForCallbacks(reply: (body: unknown) => unknown): Promise<Listener> {
  return listen(
    createServer(async (incoming, response) => {
      let text = '';
      for await (const chunk of incoming) text += chunk;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(reply(JSON.parse(text))));
    }),
  );
}

/** The vendor of tomorrow: what the one of today answers, with fields in it that nobody knows yet. */
export function vendorOfTomorrow(today: string): Promise<Listener> {
  return listen(
    createServer(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const { connection, 'content-length': _, 'transfer-encoding': __, ...headers } = incoming.headers;
      // With the host that was asked for, so that the URLs in the answer lead here again.
      const answer = await request(today + incoming.url, {
        method: incoming.method as Dispatcher.HttpMethod,
        headers,
        body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      const type = String(answer.headers['content-type']);
      response.writeHead(answer.statusCode, { 'content-type': type });
      response.end(type.includes('json') ? JSON.stringify(withUnknown(JSON.parse(bytes.toString()))) : bytes);
    }),
  );
}

function withUnknown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUnknown);
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).map(([name, field]) => [name, withUnknown(field)]);
  return { ...Object.fromEntries(known), field_of_tomorrow: { is: ['unknown', null, 1] } };
}

async function listen(server: Server): Promise<Listener> {
  // Else a standstill has it close a connection just as the next request is sent into it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}
