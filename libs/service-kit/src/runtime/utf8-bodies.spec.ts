import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { type RunningService, startService } from './run-service.js';

const heard: unknown[] = [];

@Controller('hear')
class HearController {
  @Post()
  @HttpCode(200)
  hear(@Body() body: unknown): object {
    heard.push(body);
    return {};
  }
}
@Module({ controllers: [HearController] })
class HearModule {}

let service: RunningService;
beforeAll(async () => {
  const modules = [{ module: HearModule }];
  service = await startService({ name: 'hear', modules, host: '127.0.0.1', port: 0, logLevel: 'silent' });
});
afterAll(() => service?.stop());

const JSON_TYPE = 'application/json';
const coffee = JSON.stringify({ text: 'café ☕' });

async function say(body: string | Buffer, headers: Record<string, string> = {}) {
  heard.length = 0;
  const response = await fetch(`${service.url}/hear`, {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE, ...headers },
    body: Buffer.from(body),
  });
  const answer = await response.text();
  const { error } = (answer.startsWith('{') ? JSON.parse(answer) : {}) as { error?: { message: string; code: string } };
  return { status: response.status, error };
}

describe('a JSON body', () => {
  it.each([
    JSON_TYPE,
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'Application/JSON; Charset=utf8',
    'application/json; profile="x"',
  ])('in UTF-8 is read as it was sent: %s', async (type) => {
    expect((await say(coffee, { 'content-type': type, 'content-encoding': 'identity' })).status).toBe(200);
    expect(heard).toEqual([JSON.parse(coffee)]);
  });

  it.each([
    ['Latin-1', Buffer.from(JSON.stringify({ text: 'café' }), 'latin1')],
    ['a character that was cut', Buffer.from('{"text":"\u2603"}').fill('"', 11, 12)],
    ['a surrogate of its own', Buffer.from([...Buffer.from('{"text":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])],
    ['an overlong form', Buffer.from([...Buffer.from('{"text":"'), 0xc0, 0xaf, ...Buffer.from('"}')])],
    ['UTF-16', Buffer.from(`\ufeff${coffee}`, 'utf16le')],
  ])('that is not UTF-8 is refused, with words that say so: %s', async (_what, bytes) => {
    expect(await say(bytes)).toMatchObject({
      status: 400,
      error: { code: 'INVALID_INPUT', message: 'The body is not in UTF-8. Send JSON in UTF-8.' },
    });
    expect(heard).toEqual([]);
  });

  it.each(['iso-8859-1', 'utf-16', '"windows-1252"', 'nonsense'])(
    'in the charset %s is refused as that',
    async (name) => {
      const { status, error } = await say(coffee, { 'content-type': `application/json; charset=${name}` });
      expect(status).toBe(415);
      expect(error).toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(name.replaceAll('"', '')),
      });
      expect(heard).toEqual([]);
    },
  );

  it.each(['gzip', 'deflate', 'br', 'zstd', 'nonsense', 'gzip, identity'])(
    'in the Content-Encoding %s is refused as that',
    async (encoding) => {
      const { status, error } = await say(gzipSync(coffee), { 'content-encoding': encoding });
      expect(status).toBe(415);
      expect(error?.message).toContain(`Content-Encoding ${JSON.stringify(encoding)}`);
      expect(heard).toEqual([]);
    },
  );

  it.each(['', '{"a":', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}'])(
    'that is no JSON, or an attack, is 400: %j',
    async (body) => {
      expect((await say(body)).status).toBe(400);
      expect(heard).toEqual([]);
    },
  );
});
