import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

/**
 * A customer's receiver, in a thread of its own. Answers 204, and nothing at all on paths that begin with `/hang`. Tells its port
 * first; asked for anything, when the last request came to each path, in ms since the epoch, and how many there were.
 */
const arrivals = new Map<string, number>();
let count = 0;

const server = createServer((request, response) => {
  const path = request.url ?? '';
  request.resume().on('end', () => {
    if (path.startsWith('/hang')) return;
    count += 1;
    arrivals.set(path, Date.now());
    response.writeHead(204).end();
  });
}).listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as AddressInfo).port));

parentPort!.on('message', () => parentPort!.postMessage({ count, arrivals }));
