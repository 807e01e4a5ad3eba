import { readFileSync } from 'node:fs';
import { admin, DoitongError, type Request } from '@doitong/contracts';
import { type Customer, Operator, type Platform, startPlatform, subscribe } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema, OperationTypeNode } from 'graphql';
import { type Place, placesOf } from './places.js';

/** What PostgreSQL cannot hold. */
const UNSTORABLE = ['a\0b', 'a\ud83e', '\udd8ab'];
/** What every object of JavaScript has something of the name of. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
/** A machine with much else to do may answer too late. */
const TRIES = 3;

const schema = buildSchema(readFileSync(new URL('../../../apps/gateway/schema.graphql', import.meta.url), 'utf8'));
const places = [OperationTypeNode.QUERY, OperationTypeNode.MUTATION].flatMap((kind) => placesOf(schema, kind));
const subscriptions = placesOf(schema, OperationTypeNode.SUBSCRIPTION);

let platform: Platform;
let operator: Operator;
let customer: Customer;

beforeAll(async () => {
  platform = await startPlatform(['minimax', 'elevenlabs']);
  operator = await Operator.connect(platform.natsUrl('admin'));
  customer = await operator.createCustomer(platform.gatewayUrl);
  await platform.allowManyRequests(customer);
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
}, 150_000);

type Refusal = { code?: string; field?: string };
const isInternal = ({ code }: Refusal) => code === 'INTERNAL';

/** How it is refused in the end; empty when it is not. */
async function refusalOf(ask: () => Promise<Refusal>): Promise<Refusal> {
  let refusal = await ask();
  for (let tries = 1; isInternal(refusal) && tries < TRIES; tries++) refusal = await ask();
  return refusal;
}

const asked = (document: string, variables = {}) =>
  refusalOf(async () => (await customer.ask(document, variables)).errors?.[0]?.extensions ?? {});
const byVariable =
  ({ document }: Place) =>
  (text: string) =>
    asked(document('$text'), { text });

const refused = { code: expect.stringMatching('^(INVALID_INPUT|NOT_FOUND)$') };

describe('text that cannot be stored is refused, and never INTERNAL, in', () => {
  it.each(places)('$name', async (place) => {
    const answers = await Promise.all([
      ...UNSTORABLE.map(byVariable(place)),
      asked(place.document(JSON.stringify(UNSTORABLE[0]))),
    ]);
    expect(answers).toEqual(answers.map(() => expect.objectContaining(refused)));
    for (const { code, field } of answers) if (code === 'INVALID_INPUT') expect(field).toBeTruthy();
  });

  it.each(subscriptions)('$name of a subscription', async ({ document }) => {
    const connectionParams = { authorization: `Bearer ${customer.key}` };
    for (const text of UNSTORABLE) {
      const request = { query: document('$text'), variables: { text } };
      const { ended, stop } = subscribe(platform.gatewayUrl, request, { connectionParams });
      expect(await ended).toMatchObject([{ extensions: refused }]);
      stop();
    }
  });
});

describe('a name that objects of JavaScript inherit is a name like any other in', () => {
  it.each(places)('$name', async (place) => {
    const answers = await Promise.all(INHERITED.map(byVariable(place)));
    expect(answers.filter(isInternal)).toEqual([]);
  });

  it.each(INHERITED)('options: %s is none', async (name) => {
    const make = (options: string) =>
      asked(
        `mutation { generate(input: { type: VIDEO, provider: "minimax", input: { text: "a" }, options: ${options} }) { id } }`,
      );
    const [byName, byModel, byValue] = await Promise.all([
      make(`{ ${name}: 1 }`),
      make(`{ model: "${name}" }`),
      make(`{ resolution: "${name}" }`),
    ]);
    expect(byName).toMatchObject({ code: 'INVALID_INPUT', field: `options.${name}` });
    expect(byModel).toMatchObject({ code: 'INVALID_INPUT', field: 'options.model' });
    expect(byValue).toMatchObject({ code: 'INVALID_INPUT', field: 'options.resolution' });
  });

  it.each(INHERITED)('provider and model: %s is none', async (name) => {
    const provider = `mutation { generate(input: { type: VIDEO, provider: "${name}", input: { text: "a" } }) { id } }`;
    expect(await asked(provider)).toMatchObject({ code: 'INVALID_INPUT', field: 'provider' });
    const model = `mutation { audioCreate(input: { model: "${name}", text: "a" }) { id } }`;
    expect(await asked(model)).toMatchObject({ code: 'INVALID_INPUT', field: 'model' });
  });
});

it('a seed of 32 bits reaches its option', async () => {
  const make = (seed: number) =>
    asked(`mutation { audioCreate(input: { text: "hi", model: "elevenlabs", seed: ${seed} }) { id } }`);
  expect(await make(4_294_967_295)).toEqual({});
  expect(await make(4_294_967_296)).toMatchObject({ code: 'INVALID_INPUT', field: 'seed' });
});

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  pattern?: string;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
}

describe('what operators ask is refused where it has text that cannot be stored, and never INTERNAL:', () => {
  const messages = Object.values(admin).flatMap((one): Request[] =>
    'kind' in one ? [one as Request] : Object.values(one as Record<string, Request>),
  );
  const cases = messages.flatMap((message) =>
    Object.entries((message.request as Schema).properties ?? {})
      .filter(([, property]) => isFreeText(property))
      .map(([name]) => ({ message, name, subject: message.subject })),
  );

  it.each(cases)('$subject, $name', async ({ message, name }) => {
    const { properties = {}, required = [] } = message.request as Schema;
    const needed = required.map((one) => [one, saneOf(one, properties[one]!)]);
    for (const text of [...UNSTORABLE, ...INHERITED]) {
      const body = { ...Object.fromEntries(needed), [name]: text };
      const { code, field } = await refusalOf(() =>
        operator.ask(message, body).then(
          () => ({}),
          (error) => DoitongError.of(error).body,
        ),
      );
      expect(code).not.toBe('INTERNAL');
      if (UNSTORABLE.includes(text)) expect({ code, field }).toEqual({ code: 'INVALID_INPUT', field: name });
    }
  });

  function isFreeText({ type, pattern, format, enum: words }: Schema): boolean {
    return type === 'string' && pattern === undefined && format === undefined && words === undefined;
  }

  function saneOf(name: string, { type, pattern, format, enum: words, items, minimum, ...schema }: Schema): unknown {
    if (name === 'accountId') return customer.accountId;
    if (name === 'provider') return 'minimax';
    if (name === 'url') return 'https://example.com/';
    if (words) return words[0];
    if (type === 'object')
      return Object.fromEntries((schema.required ?? []).map((one) => [one, saneOf(one, schema.properties![one]!)]));
    if (type === 'array') return [saneOf('', items!)];
    if (type === 'integer' || type === 'number') return minimum ?? 1;
    if (type === 'boolean') return false;
    if (format) return '2025-01-31T12:00:00.000Z';
    return pattern ? `${pattern.slice(1, 5)}${'0'.repeat(32)}` : 'x';
  }
});
