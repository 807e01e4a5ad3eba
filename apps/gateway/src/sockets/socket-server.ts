import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Logger, withContext } from '@doitong/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { CloseCode, handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { ClientAddresses } from '../rate-limit/client-addresses.js';
import { ignoreUpgrade } from './ignore-upgrade.js';
import { Strangers } from './strangers.js';
import { Subscriptions } from './subscriptions.js';

const PATH = '/graphql';
/** Room for the longest document and its variables, in bytes; a longer message closes the socket with 1009. */
const LARGEST_MESSAGE = 256 * 1024;
/** A client that does not answer a ping until the next is gone. Less than the idle time-outs of proxies, of which 60 s is the usual one. */
const PING_MS = 20_000;
/** What may wait to be sent, in bytes. Events do not add up, as the next is made once the last is sent; answers to pings would. */
const MOST_UNSENT = 1024 * 1024;
/** How long clients have to answer that the server goes away. */
const GOODBYE_MS = 1_000;

const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const LONGEST_REQUEST_ID = 128;
/** By then a socket whose client sends no key is closed. */
const RETRY_SECONDS = 5;

/** The WebSocket side of /graphql: sockets, their life and their bounds. What is spoken over them, `Subscriptions` knows. */
@Injectable()
export class SocketServer implements OnModuleInit {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE, handleProtocols });
  private readonly alive = new WeakSet<WebSocket>();
  private readonly strangers = new Strangers();

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly subscriptions: Subscriptions,
    private readonly addresses: ClientAddresses,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const http: Server = this.host.httpAdapter.getHttpServer();
    http.on('upgrade', (request, socket, head) => {
      if (request.headers.upgrade?.toLowerCase() === 'websocket') this.upgrade(request, socket, head);
      else ignoreUpgrade(http, request, socket, head);
    });
    const pings = setInterval(() => this.pingAll(), PING_MS).unref();
    this.host.httpAdapter.getInstance().addHook('preClose', async () => {
      clearInterval(pings);
      await this.sayGoodbye();
    });
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url?.split('?')[0] !== PATH) {
      refuse(socket, '404 Not Found');
      return;
    }
    const address = this.addresses.of(request);
    const known = this.strangers.add(address);
    if (!known) {
      refuse(socket, `429 Too Many Requests\r\nRetry-After: ${RETRY_SECONDS}`);
      return;
    }
    // Also where it comes to no WebSocket.
    socket.once('close', known);
    this.server.handleUpgrade(request, socket, head, (opened) => this.open(opened, request, address, known));
  }

  /** `known`: call it once its key was accepted. */
  private open(socket: WebSocket, request: IncomingMessage, address: string, known: () => void): void {
    const { headers } = request;
    const requestId = String(headers['x-request-id'] ?? randomUUID()).slice(0, LONGEST_REQUEST_ID);
    const closed = this.subscriptions.opened(
      {
        protocol: socket.protocol,
        // Resolves once it was sent; the next event is taken only then. Where that fails, the close of the socket follows.
        send: (data) => new Promise((resolve) => socket.send(data, () => resolve())),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (receive) =>
          socket.on('message', (data, isBinary) => {
            // `ws` has looked at the UTF-8 of text, and of text alone.
            if (isBinary) return socket.close(UNSUPPORTED_DATA, 'Send text, not binary messages');
            withContext({ requestId }, () => receive(String(data))).catch((error) => {
              this.logger.warn('WebSocket message failed', { error });
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          }),
      },
      { socket, authorization: headers.authorization, address, known },
    );
    const bound = () => socket.bufferedAmount > MOST_UNSENT && socket.terminate();
    this.alive.add(socket);
    socket
      .on('message', bound)
      .on('ping', bound)
      .on('pong', () => this.alive.add(socket))
      .on('error', (error) => this.logger.debug('WebSocket failed', { error }))
      .once('close', (code, reason) => void closed(code, String(reason)));
  }

  private pingAll(): void {
    for (const socket of this.server.clients) {
      if (this.alive.delete(socket)) socket.ping();
      else socket.terminate();
    }
  }

  /** Clients connect again, to another replica, and are told the state there. */
  private async sayGoodbye(): Promise<void> {
    const sockets = [...this.server.clients];
    const gone = Promise.all(sockets.map((socket) => once(socket, 'close')));
    // Takes no new ones.
    this.server.close();
    for (const socket of sockets) socket.close(GOING_AWAY, 'Going away');
    const enough = setTimeout(() => sockets.map((socket) => socket.terminate()), GOODBYE_MS);
    await gone;
    clearTimeout(enough);
  }
}

/** With this status, before there is a WebSocket. */
function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
