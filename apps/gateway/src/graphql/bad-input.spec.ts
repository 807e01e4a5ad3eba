import { generations } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';

const GENERATE = 'mutation ($input: GenerateInput!) { generate(input: $input) { id } }';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.reset());

const posted = (input: string) => `{ "query": ${JSON.stringify(GENERATE)}, "variables": { "input": ${input} } }`;
const image = (options: string) => posted(`{ "type": "IMAGE", "input": { "text": "a" }, "options": ${options} }`);
const literal = (options: string) =>
  JSON.stringify({
    query: `mutation { generate(input: { type: IMAGE, input: { text: "a" }, options: ${options} }) { id } }`,
  });

describe('what JSON or GraphQL cannot say is refused before any service is asked', () => {
  it.each([
    ['NaN in JSON', image('{ "seed": NaN }')],
    ['Infinity in JSON', image('{ "seed": Infinity }')],
    ['a number in quotes left open', image('{ "seed": "1 }')],
    ['a prototype in JSON', image('{ "__proto__": { "seed": 1 } }')],
    ['options nested 100,000 levels deep', image(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
    [
      'a text that is nested lists',
      posted(`{ "type": "IMAGE", "input": { "text": ${'['.repeat(5_000)}${']'.repeat(5_000)} } }`),
    ],
    ['a text that is a number', posted('{ "type": "IMAGE", "input": { "text": 5 } }')],
    ['options nested deep in a literal', literal(`{ a: ${'['.repeat(300)}${']'.repeat(300)} }`)],
    ['a null byte in a document', JSON.stringify({ query: '{ account\u0000 { id } }' })],
  ])('%s', async (_what, body) => {
    const answer = await gateway.send(body);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body.errors[0].extensions).toMatchObject({ code: 'INVALID_INPUT' });
    expect(gateway.asked(generations.create)).toEqual([]);
  });
});

it('NaN in a literal is a word like any other, for the option schema of the provider to refuse', async () => {
  await gateway.send(literal('{ seed: NaN }'));
  expect(gateway.asked(generations.create)[0]?.body.input.options).toEqual({ seed: 'NaN' });
});
