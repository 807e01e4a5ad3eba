import { describe, expect, it } from '@jest/globals';
import { asCsv, printed } from './output.js';

/** Clears the screen, sets the title, turns the writing around, and draws a line of its own. */
const HOSTILE = 'https://a.example/\u001b[2J\u009b31m\u001b]0;title\u0007\u202egnp\u200b\u007f\r\n│ id │ whk_1 │\u2028';
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const withoutLines = (text: string) => text.replaceAll('\n', '');

describe('what others chose is printed so that it can be seen, and a terminal acts upon none of it', () => {
  it.each<[string, object]>([
    ['in a table', [{ id: 'whk_1', url: HOSTILE }]],
    ['in a list within a table', [{ id: 'whk_1', events: [HOSTILE, HOSTILE] }]],
    ['in an object within a table', [{ id: 'whk_1', after: { url: HOSTILE, [HOSTILE]: 1 } }]],
    ['as one thing', { id: 'whk_1', url: HOSTILE }],
    ['as a name', { [HOSTILE]: 1 }],
    ['as the name of a column', [{ [HOSTILE]: 1 }]],
  ])('%s', (_where, told) => {
    for (const asJson of [false, true]) expect(withoutLines(printed(told, asJson))).not.toMatch(UNSEEN);
    expect(printed(told, false)).toContain('\\u001b[2J');
  });

  it('draws no row that there is not', () => {
    expect(printed([{ id: 'whk_2', url: HOSTILE }], false).split('\n')).toHaveLength(
      printed([{ id: 'whk_2', url: 'x' }], false).split('\n').length,
    );
  });

  it('is the same text to a program that parses the JSON', () => {
    expect(JSON.parse(printed({ url: HOSTILE }, true))).toEqual({ url: HOSTILE });
  });

  it('is left as it is where all of it can be seen', () => {
    expect(printed({ name: 'Café “Ελλάς” 東京 🎬' }, false)).toContain('Café “Ελλάς” 東京 🎬');
  });
});

describe('CSV', () => {
  it('has its lines, and nothing that cannot be seen within them', () => {
    const csv = printed(asCsv([{ model: HOSTILE, credits: -5 }]), false);
    expect(csv.split('\r\n')).toHaveLength(2);
    expect(csv.replaceAll('\r\n', '')).not.toMatch(UNSEEN);
    expect(csv).toMatch(/,-5$/);
  });

  it.each(['=1+1', '+1', '-cmd', '@SUM(A1)'])('has no cell that a spreadsheet takes for a formula: %s', (name) => {
    expect(asCsv([{ name }])).toBe(`name\r\n'${name}`);
  });
});
