import { VendorError } from '@doitong/providers/kit';
import { type Receiver, startReceiver } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { InputReader } from './input-reader.js';

let server: Receiver;
beforeAll(async () => {
  server = await startReceiver();
});
afterAll(() => server.stop());

const refused = (word: string) =>
  expect.objectContaining({ kind: 'invalid-input', publicMessage: expect.stringContaining(word) });

it('an input is read as it is, with its type', async () => {
  server.answerNext({ headers: { 'content-type': 'image/png' }, body: 'pixels' });
  const { bytes, contentType } = await new InputReader(true).read(`${server.url}/a.png`);
  expect([String(bytes), contentType]).toEqual(['pixels', 'image/png']);
});

it.each([
  'http://127.0.0.1/a.png',
  'http://localhost/a.png',
  'http://[::ffff:127.0.0.1]/a.png',
  'http://10.0.0.1/a.png',
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://[fd00:ec2::254]/',
])('an input is not read from %s', async (url) => {
  await expect(new InputReader(false).read(url)).rejects.toEqual(refused('public address'));
});

it('an input that leads elsewhere is not followed there', async () => {
  server.answerNext({ status: 302, headers: { location: `${server.url}/inner` } });
  const before = server.requests.length;
  const read = new InputReader(true).read(`${server.url}/a.png`);
  await expect(read).rejects.toEqual(refused('does not answer with a file'));
  expect(server.requests).toHaveLength(before + 1);
});

it('what the network says of an input that cannot be read is for the log only', async () => {
  const error = await new InputReader(true).read('http://127.0.0.1:1/a.png').catch((error) => error);
  expect(error).toBeInstanceOf(VendorError);
  expect(error.message).toContain('ECONNREFUSED');
  expect(error.publicMessage).toBe('An input URL could not be read. It does not answer with a file.');
});
