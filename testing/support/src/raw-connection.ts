import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that sends what it likes, HTTP or not. */
export interface RawConnection {
  socket: Socket;
  /** Whatever came back, once the connection is closed. */
  said: Promise<string>;
}

/** A request of which the last bytes never come. */
export const UNFINISHED =
  'POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nx';

/** Connects to `http://host:port` and sends this. */
export async function rawConnection(url: string, sent = ''): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('error', () => {}).on('data', (chunk) => chunks.push(chunk));
  // `once` would reject at an error before that, which tells nothing that `said` does not.
  const said = new Promise<string>((closed) => {
    socket.once('close', () => closed(Buffer.concat(chunks).toString()));
  });
  await once(socket, 'connect');
  if (sent) socket.write(sent);
  return { socket, said };
}
