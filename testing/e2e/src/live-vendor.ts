import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** MiniMax as the live API would be, for what the sandbox stands in for test keys only; or in the sandbox's own place, with faults that it lacks. */
export interface LiveVendor {
  url: string;
  /** The bodies of all submits. */
  submits: Record<string, unknown>[];
  /** The credential of each poll. */
  polls: string[];
  /** What the polls are answered with that come next, one each, before the task has succeeded. */
  refusals: ((response: ServerResponse) => void)[];
  /** What each request for a file is answered, by its number from 1. Default: the file. */
  file: (response: ServerResponse, number: number, whole: Buffer) => void;
  /** How often a file was asked for. */
  fetches: number;
  stop(): Promise<void>;
}

export async function startLiveVendor(): Promise<LiveVendor> {
  const [video, image] = await Promise.all(['h264.mp4', 'still.png'].map(fixture));
  const vendor: Omit<LiveVendor, 'url' | 'stop'> = {
    submits: [],
    polls: [],
    refusals: [],
    file: (response, _number, whole) => response.end(whole),
    fetches: 0,
  };
  const json = (response: ServerResponse, body: object) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  const ok = { base_resp: { status_code: 0, status_msg: 'success' } };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pathname = new URL(request.url ?? '/', url).pathname.replace(/^\/minimax/, '');
    if (pathname === '/v1/video_generation') {
      vendor.submits.push(JSON.parse((await buffer(request)).toString()));
      json(response, { task_id: '1', ...ok });
    } else if (pathname === '/v1/query/video_generation') {
      vendor.polls.push(request.headers.authorization ?? '');
      const refuse = vendor.refusals.shift();
      if (refuse) refuse(response);
      else json(response, { status: 'Success', file_id: '2', ...ok });
    } else if (pathname === '/v1/files/retrieve') {
      json(response, { file: { download_url: `${url}/video.mp4` }, ...ok });
    } else if (pathname === '/v1/image_generation') {
      vendor.submits.push(JSON.parse((await buffer(request)).toString()));
      json(response, { data: { image_urls: [`${url}/image.png`] }, ...ok });
    } else {
      vendor.fetches += 1;
      vendor.file(response, vendor.fetches, pathname === '/image.png' ? image! : video!);
    }
  }

  const server = createServer((request, response) => void answer(request, response));
  // Else a standstill has it close a connection just as the next request is sent into it.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(vendor, {
    url,
    stop: () => {
      server.closeAllConnections();
      return new Promise<void>((closed) => server.close(() => closed()));
    },
  });
}

const fixture = (name: string) => readFile(new URL(`../../../libs/media/src/__fixtures__/${name}`, import.meta.url));
