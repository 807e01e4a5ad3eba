import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const LOOK_MS = 50;

/** The open connections of an HTTP server, so that it can end although a client keeps one open. */
export class Connections {
  private readonly open = new Set<Socket>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    });
  }

  /**
   * While `close` takes no new ones: ends those on which nothing is asked at once, the others as soon as they are answered, and after
   * `graceMs` whatever is left.
   */
  async endDuring(close: () => Promise<unknown>, graceMs: number): Promise<void> {
    this.endIdle();
    const idle = setInterval(() => this.endIdle(), LOOK_MS);
    const cut = setTimeout(() => this.endAll(), graceMs);
    try {
      await close();
    } finally {
      clearInterval(idle);
      clearTimeout(cut);
    }
  }

  private endIdle(): void {
    this.server.closeIdleConnections();
    // Node takes a connection on which nothing was ever asked for a busy one.
    for (const socket of this.open) if (socket.bytesRead === 0) socket.destroy();
  }

  private endAll(): void {
    for (const socket of this.open) socket.destroy();
  }
}
