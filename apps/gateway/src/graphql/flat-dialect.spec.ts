import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  buildSchema,
  type DocumentNode,
  executeSync,
  type FragmentDefinitionNode,
  getIntrospectionQuery,
  getOperationAST,
  Kind,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { canonicalForm } from './flat-dialect.js';
import { flatShape, flatten } from './flat-shape.js';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
/** All but those that would have each test declare only what it uses. */
const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule && rule !== NoUnusedFragmentsRule);
const failed = {
  id: 'gen_1',
  status: 'FAILED',
  metadata: { model: 'm-1', width: 640, height: null, adjustments: ['Less.'] },
  error: { code: 'GENERATION_FAILED', message: 'It failed.', stage: 'PROCESSING' },
  errorCode: 'GENERATION_FAILED',
};
const queued = { ...failed, id: 'gen_2', status: 'QUEUED', error: null, errorCode: null };
const root = { generation: ({ id }: { id: string }) => (id === 'none' ? null : id === 'gen_2' ? queued : failed) };

/** As the gateway does it, in short. */
function answer(text: string, { variables = {}, name }: { variables?: Record<string, unknown>; name?: string } = {}) {
  const sent = parse(text);
  const document = canonicalForm(schema, sent);
  const errors = validate(schema, document, rules);
  if (errors.length > 0) return { errors: errors.map(({ message, locations }) => ({ message, locations })) };
  const shape = shapeOf(sent, name);
  const { data, errors: failures } = executeSync({
    schema,
    document,
    rootValue: root,
    variableValues: variables,
    operationName: name,
  });
  expect(failures).toBeUndefined();
  if (shape) flatten(data, shape);
  return JSON.parse(JSON.stringify(data));
}
const ask = (selection: string, variables?: Record<string, unknown>) =>
  answer(
    `query ($yes: Boolean = true, $no: Boolean = false, $id: ID = "gen_1") { generation(id: $id) { ${selection} } }`,
    {
      variables,
    },
  ).generation;

const METADATA = { model: 'm-1', width: 640, adjustments: ['Less.'] };

describe('the flat form', () => {
  it('has the message for an error, JSON for metadata, and the status in lower case', () => {
    expect(ask('status error errorCode metadata')).toEqual({
      status: 'failed',
      error: 'It failed.',
      errorCode: 'GENERATION_FAILED',
      metadata: METADATA,
    });
  });

  it('has null where there is no error, and where there is no generation', () => {
    expect(ask('status error errorCode', { id: 'gen_2' })).toEqual({ status: 'queued', error: null, errorCode: null });
    expect(ask('status error metadata', { id: 'none' })).toBeNull();
  });

  it.each([
    ['with a leaf error', 'status error', 'failed'],
    ['with an errorCode', 'status errorCode', 'failed'],
    ['with both, under other names', 'status e: error c: errorCode', 'failed'],
    ['with metadata alone', 'status metadata', 'FAILED'],
    ['with neither', 'status error { code }', 'FAILED'],
    ['with other fields under their names', 'status error: id errorCode: id', 'FAILED'],
  ])('has the status in the case that belongs to it: %s', (_, selection, status) => {
    expect(ask(selection).status).toBe(status);
  });

  it('answers by the names that were asked for', () => {
    expect(ask('state: status why: error about: metadata __typename')).toEqual({
      state: 'failed',
      why: 'It failed.',
      about: METADATA,
      __typename: 'Generation',
    });
  });

  it('may be mixed with the structured form under another name', () => {
    expect(ask('error full: error { code } metadata size: metadata { width }')).toEqual({
      error: 'It failed.',
      full: { code: 'GENERATION_FAILED' },
      metadata: METADATA,
      size: { width: 640 },
    });
  });

  it('may say a thing twice', () => {
    expect(ask('error status error ... { error status metadata } metadata')).toEqual({
      error: 'It failed.',
      status: 'failed',
      metadata: METADATA,
    });
  });

  it.each(['error error { code }', 'error { code } ... on Generation { error }', 'metadata metadata { width }'])(
    'is refused beside the structured form of the same name: %s',
    (selection) => {
      expect(() => ask(selection)).toThrow(
        expect.objectContaining({ body: expect.objectContaining({ code: 'INVALID_INPUT' }) }),
      );
    },
  );

  it('is told by the type of a field, never by its name', () => {
    const document = '{ __type(name: "Query") { status: name error: name metadata: kind } }';
    expect(answer(document).__type).toEqual({ status: 'Query', error: 'Query', metadata: 'OBJECT' });
  });

  it('does not come between directives and their variables', () => {
    const selection = 'error @include(if: $no) metadata @skip(if: $yes) status why: error @include(if: $yes)';
    expect(ask(selection)).toEqual({ status: 'failed', why: 'It failed.' });
    expect(ask('... @include(if: $no) { error } status')).toEqual({ status: 'failed' });
  });
});

describe('a fragment', () => {
  const fragments = `fragment Status on Generation { status }
    fragment Flat on Generation { ...Nested error }
    fragment Nested on Generation { metadata }
    fragment Full on Generation { error { code } metadata { width } }`;

  it('in the flat form makes flat what it stands in, however deep', () => {
    expect(answer(`{ generation(id: "gen_1") { status ... { ... on Generation { ...Flat } } } } ${fragments}`)).toEqual(
      {
        generation: { status: 'failed', error: 'It failed.', metadata: METADATA },
      },
    );
  });

  it('that both forms share is in the form of each', () => {
    const document = `{ flat: generation(id: "gen_1") { ...Status ...Flat } full: generation(id: "gen_1") { ...Status ...Full } }`;
    expect(answer(`${document} ${fragments}`)).toEqual({
      flat: { status: 'failed', error: 'It failed.', metadata: METADATA },
      full: { status: 'FAILED', error: { code: 'GENERATION_FAILED' }, metadata: { width: 640 } },
    });
  });

  it('may be on the root', () => {
    const document = `{ ...All } fragment All on Query { generation(id: "gen_1") { error } }`;
    expect(answer(document)).toEqual({ generation: { error: 'It failed.' } });
  });
});

describe('a document', () => {
  it('may hold operations of both forms', () => {
    const document = `query Flat { generation(id: "gen_1") { status error } }
      query Full { generation(id: "gen_1") { status error { message } } }`;
    expect(answer(document, { name: 'Flat' }).generation).toEqual({ status: 'failed', error: 'It failed.' });
    expect(answer(document, { name: 'Full' }).generation).toEqual({
      status: 'FAILED',
      error: { message: 'It failed.' },
    });
  });

  it('may ask for the same twice, each in its form', () => {
    const document = `{ a: generation(id: "gen_1") { status error } b: generation(id: "gen_1") { status } }`;
    expect(answer(document)).toEqual({ a: { status: 'failed', error: 'It failed.' }, b: { status: 'FAILED' } });
  });

  it('that is wrong is told so where it is wrong', () => {
    expect(answer('{ generation(id: "gen_1") { error metadata colour } }').errors).toEqual([
      { message: expect.stringContaining('"colour"'), locations: [{ line: 1, column: 44 }] },
    ]);
    expect(answer('{ generation(id: "gen_1") { routing error } }').errors).toEqual([
      { message: expect.stringContaining('"routing"'), locations: [{ line: 1, column: 29 }] },
    ]);
    expect(answer('{ generation(id: "gen_1") { ...A } } fragment A on Generation { error ...A }').errors).toEqual([
      { message: expect.stringContaining('within itself'), locations: [{ line: 1, column: 71 }] },
    ]);
    expect(
      answer('{ nothing { error } generation(id: "gen_1") { ...None ... on None { error } } }').errors,
    ).toHaveLength(3);
  });

  it('in the form of the schema is left as it is', () => {
    const sent = parse(getIntrospectionQuery());
    expect(canonicalForm(schema, sent)).toBe(sent);
    expect(shapeOf(sent)).toBeUndefined();
  });
});

function shapeOf(sent: DocumentNode, name?: string) {
  const fragments = sent.definitions.filter(
    ({ kind }) => kind === Kind.FRAGMENT_DEFINITION,
  ) as FragmentDefinitionNode[];
  return flatShape(schema, {
    definition: getOperationAST(sent, name)!,
    fragments: new Map(fragments.map((fragment) => [fragment.name.value, fragment])),
  });
}
