import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

const OF_THE_OFFER = new Set(['upgrade', 'connection', 'http2-settings']);

/**
 * Serves a request as if it had not offered to speak something else, such as the h2c that Java's HttpClient offers. Node would do so by
 * itself if nobody listened to upgrades; as WebSockets need that, the request is put back in front of what it came with.
 */
export function ignoreUpgrade(http: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (!OF_THE_OFFER.has(name.toLowerCase())) text += `${name}: ${rawHeaders[at + 1]}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  http.emit('connection', socket);
}
