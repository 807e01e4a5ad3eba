import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { DoitongError } from '@doitong/contracts';
import { HttpException } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

const BAD_REQUEST = 400;
const UNSUPPORTED_MEDIA_TYPE = 415;
const JSON_TYPE = 'application/json';
/** ASCII is UTF-8 as it is. */
const UTF8_NAMES = new Set(['utf-8', 'utf8', 'us-ascii']);

/** A body that is not read, as we would read something else than was sent; the message is for who sent it. */
class BodyRefusal extends HttpException {
  override readonly name = 'BodyRefusal';

  /** As Fastify's own errors have it; `headers` are for the answer. */
  constructor(
    readonly statusCode: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super({ error: new DoitongError('INVALID_INPUT', message).body }, statusCode);
    this.message = message;
  }
}

/**
 * Takes JSON in plain UTF-8 and refuses any other: 400 for bytes that are not UTF-8, of which a lenient reader would make U+FFFD, and 415
 * for another charset and for what is compressed, on which a small body could grow without end.
 */
export function takeUtf8Only(app: NestFastifyApplication): void {
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  const parseJson = server.getDefaultJsonParser('error', 'error');
  app.useBodyParser(JSON_TYPE, {}, (request, body: Buffer, done) => {
    const refusal = refusalOf(request.headers, body);
    if (refusal) done(refusal);
    else parseJson(request as never, body.toString(), done);
  });
}

function refusalOf(headers: IncomingHttpHeaders, body: Buffer): BodyRefusal | undefined {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') {
    const message = `The body has the Content-Encoding ${quoted(encoding)}. Send it as it is, without one.`;
    return new BodyRefusal(UNSUPPORTED_MEDIA_TYPE, message, { 'accept-encoding': 'identity' });
  }
  const charset = /;\s*charset\s*=\s*("[^"]*"|[^;\s]*)/i.exec(headers['content-type'] ?? '')?.[1];
  const name = charset?.replaceAll('"', '').toLowerCase() ?? 'utf-8';
  if (!UTF8_NAMES.has(name)) {
    return new BodyRefusal(UNSUPPORTED_MEDIA_TYPE, `The body has the charset ${quoted(name)}. Send it in UTF-8.`);
  }
  if (!isUtf8(body)) return new BodyRefusal(BAD_REQUEST, 'The body is not in UTF-8. Send JSON in UTF-8.');
  return undefined;
}

const quoted = (text: string) => JSON.stringify(text.slice(0, 40));
