import { createHmac } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { CallbackUrls } from './callback-urls.js';

const urls = new CallbackUrls('https://callbacks.example', 's'.repeat(32));
const tokenOf = (from: CallbackUrls, attemptId: string) =>
  from.of('acme', { attemptId, mode: 'live' })?.split('/').at(-1) ?? '';

it('an attempt is called back at a URL of its own, which every replica knows', () => {
  const url = urls.of('acme', { attemptId: 'att_1', mode: 'live' });
  expect(url).toMatch(/^https:\/\/callbacks\.example\/callbacks\/acme\/att_1\/[\w-]{43}$/);
  const replica = new CallbackUrls('https://callbacks.example', 's'.repeat(32));
  expect(replica.isGenuine('att_1', tokenOf(urls, 'att_1'))).toBe(true);
});

it.each([
  ['of another attempt', tokenOf(urls, 'att_2')],
  ['of another secret', tokenOf(new CallbackUrls('https://callbacks.example', 't'.repeat(32)), 'att_1')],
  ['of the same length', 'A'.repeat(43)],
  ['that is too short', tokenOf(urls, 'att_1').slice(0, -1)],
  ['that is longer', `${tokenOf(urls, 'att_1')}A`],
  ['that is empty', ''],
  ['of other characters', 'é'.repeat(43)],
])('a token %s is refused', (_what, token) => {
  expect(urls.isGenuine('att_1', token)).toBe(false);
});

it.each([
  ['secret', new CallbackUrls('https://callbacks.example', undefined)],
  ['base URL', new CallbackUrls(undefined, 's'.repeat(32))],
])('without a %s no vendor is asked to call back', (_what, without) => {
  expect(without.of('acme', { attemptId: 'att_1', mode: 'live' })).toBeUndefined();
});

it('without a secret no token is genuine, not even that of an empty one', () => {
  const ofEmpty = createHmac('sha256', '').update('att_1').digest('base64url');
  expect(new CallbackUrls('https://callbacks.example', undefined).isGenuine('att_1', ofEmpty)).toBe(false);
});

it.each([
  ['https://callbacks.example', true],
  ['https://callbacks.example:9443/below', true],
  ['https://203.0.114.7', true],
  ['http://callbacks.example', false],
  ['http://127.0.0.1:4000', false],
  ['https://127.0.0.1', false],
  ['https://localhost', false],
  ['https://10.1.2.3', false],
  ['https://[::1]', false],
  ['https://gateway', false],
  ['https://gateway.doitong.svc.cluster.local', false],
])('a live vendor is told to call back at %s: %s; the sandbox at any', (baseUrl, isTold) => {
  const own = new CallbackUrls(baseUrl, 's'.repeat(32));
  const told = (mode: 'live' | 'test') => own.of('acme', { attemptId: 'att_1', mode }) !== undefined;
  expect([own.isPublic, told('live'), told('test')]).toEqual([isTold, isTold, true]);
});
