import { describe, expect, it } from '@jest/globals';
import { costingOf, priceOf } from './price.js';

it.each(['constructor', 'toString', '__proto__', 'none'])(
  'an option whose value is "%s" has no factor unless one is set for it',
  (style) => {
    const price = { base: 10, multipliers: { style: { noir: 2 } } };
    expect(priceOf(price, {}, { style })).toBe(10);
    expect(priceOf(price, {}, { style: 'noir' })).toBe(20);
  },
);

describe('what is set aside', () => {
  const price = { base: 0, perSecond: 100, defaultSeconds: 15, perThousandCharacters: 200 };
  const avatar = { price, lengthFrom: 'sound' as const };

  it('is exact, and nothing is measured, where an option says how long it is or the price does not go by that', () => {
    expect(costingOf(avatar, { audio: 'https://a.example/a.mp3' }, { duration: 20 })).toEqual({
      credits: 2_000,
      metered: null,
    });
    expect(costingOf({ price: { base: 7 }, lengthFrom: 'sound' }, {}, {})).toEqual({ credits: 7, metered: null });
    expect(costingOf({ price }, { audio: 'https://a.example/a.mp3' }, {})).toEqual({ credits: 1_500, metered: null });
  });

  it('for audio is the price of the usual length, until it is measured', () => {
    expect(costingOf(avatar, { audio: 'https://a.example/a.mp3' }, {})).toEqual({ credits: 1_500, metered: price });
  });

  it.each([
    // Each as slowly as it is read by a slow voice of the vendors', in seconds.
    ['a greeting', 'Hello there, and welcome to the show.', 1, 3.5],
    ['a greeting, read slowly', 'Hello there, and welcome to the show.', 0.7, 5],
    ['digits', '3.14159 26535 89793', 1, 9],
    ['Chinese', '你好，欢迎收看今天的节目。', 1, 4.5],
    [
      'a page',
      'It is a truth universally acknowledged, that a single man must be in want of a wife. '.repeat(25),
      1,
      160,
    ],
  ])('for text covers how long it is spoken at the most, and is of its order (%s)', (_, text, speed, seconds) => {
    const { credits, metered } = costingOf(avatar, { text }, { speed });
    expect(metered).toEqual(price);
    const ofSpeech = priceOf(price, { text }, {}, seconds);
    expect(credits).toBeGreaterThanOrEqual(ofSpeech);
    expect(credits).toBeLessThan(2.5 * ofSpeech);
  });
});
