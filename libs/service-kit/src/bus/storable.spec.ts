import { describe, expect, it } from '@jest/globals';
import { checkStorable, madeStorable } from './storable.js';

const checked = (value: unknown) => {
  const json = JSON.stringify(value);
  checkStorable(json, JSON.parse(json));
};
const refused = (field: string) =>
  expect.objectContaining({ body: expect.objectContaining({ code: 'INVALID_INPUT', field }) });

describe('what PostgreSQL cannot hold is refused, by the name that customers have for its field:', () => {
  it.each([
    ['NUL', { accountId: 'acc', id: 'a\0b' }, 'id'],
    ['the first half of a surrogate pair', { id: 'a\ud83e' }, 'id'],
    ['the second half', { id: '\udd8aa' }, 'id'],
    ['both halves the wrong way round', { id: '\udd8a\ud83e' }, 'id'],
    ['a text within an argument', { input: { input: { text: '\0' } } }, 'input.text'],
    ['a text in a list', { filter: { tags: ['a', '\0'] } }, 'tags.1'],
    ['a name', { input: { options: { 'a\0': 1 } } }, 'options'],
  ])('%s', (_what, value, field) => {
    expect(() => checked(value)).toThrow(refused(field));
  });
});

it('a name of the message itself is refused, too', () => {
  expect(() => checked({ 'a\0': 1 })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});

it.each(['☃', '🦊', '\u0001', '\u001f', '\ufffd', '\uffff', '\\u0000', '\\ud83e', '__proto__'])(
  '%j is taken',
  (text) => {
    expect(() => checked({ id: text, [text]: text })).not.toThrow();
  },
);

it('a text of which the parts that cannot be stored are replaced can be', () => {
  const value = { message: 'a\0b', parts: ['\ud83e', 7, null, '🦊'] };
  expect(madeStorable(value)).toEqual({ message: 'a\ufffdb', parts: ['\ufffd', 7, null, '🦊'] });
  expect(() => checked(madeStorable(value))).not.toThrow();
});
