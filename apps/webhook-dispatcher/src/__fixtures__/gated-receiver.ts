import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Takes requests, and answers none until it is told to. */
export async function startGatedReceiver() {
  const waiting = new Map<string, ServerResponse>();
  const server = createServer((request, response) => {
    request.resume().once('end', () => waiting.set(request.url ?? '', response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The paths of what waits for an answer, sorted. */
    paths: () => [...waiting.keys()].sort(),
    answer: (path: string) => void waiting.get(path)!.end(),
    async stop(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
