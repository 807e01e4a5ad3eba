import { createHmac } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { CallbackUrls } from './callback-urls.js';

const urls = new CallbackUrls('https://callbacks.example', 's'.repeat(32));
const tokenOf = (from: CallbackUrls, attemptId: string) => from.of('acme', attemptId)?.split('/').at(-1) ?? '';

it('an attempt is called back at a URL of its own, which every replica knows', () => {
  const url = urls.of('acme', 'att_1');
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
  expect(without.of('acme', 'att_1')).toBeUndefined();
});

it('without a secret no token is genuine, not even that of an empty one', () => {
  const ofEmpty = createHmac('sha256', '').update('att_1').digest('base64url');
  expect(new CallbackUrls('https://callbacks.example', undefined).isGenuine('att_1', ofEmpty)).toBe(false);
});
