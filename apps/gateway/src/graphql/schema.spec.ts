import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  buildClientSchema,
  buildSchema,
  type GraphQLSchema,
  getIntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isNullableType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';

describe('the schema', () => {
  let gateway: Gateway;
  let schema: GraphQLSchema;
  beforeAll(async () => {
    gateway = await startGateway();
    const { body } = await gateway.post(getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true }));
    schema = buildClientSchema(body.data);
  });
  afterAll(() => gateway?.stop());

  it('that is served is the one that is committed (else: npm run schema -w apps/gateway)', async () => {
    const committed = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(printed(schema)).toBe(printed(buildSchema(committed)));
  });

  it('says of every field that may be null when it is', () => {
    const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) && !isIntrospectionType(type)
        ? Object.values(type.getFields()).map((field) => ({ ...field, path: `${type.name}.${field.name}` }))
        : [],
    );
    const nullable = fields.filter(({ type }) => isNullableType(type));
    expect(nullable.length).toBeGreaterThan(10);
    const silent = nullable.filter(({ description }) => !/\bnull\b/i.test(description ?? ''));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('describes every type, field, argument and word', () => {
    const types = Object.values(schema.getTypeMap()).filter(
      (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
    );
    const operations = new Set(['Query', 'Mutation', 'Subscription']);
    const undescribed = types.flatMap((type) => [
      ...(type.description || operations.has(type.name) ? [] : [type.name]),
      ...(isEnumType(type) ? type.getValues() : []).filter(isBare).map(({ name }) => `${type.name}.${name}`),
      ...(isInputObjectType(type) ? Object.values(type.getFields()) : [])
        .filter(isBare)
        .map(({ name }) => `${type.name}.${name}`),
      ...(isObjectType(type) ? Object.values(type.getFields()) : []).flatMap((field) =>
        [field, ...field.args].filter(isBare).map(({ name }) => `${type.name}.${field.name}: ${name}`),
      ),
    ]);
    expect(types.length).toBeGreaterThan(10);
    expect(undescribed).toEqual([]);
  });
});

const printed = (schema: GraphQLSchema) => printSchema(lexicographicSortSchema(schema));

const isBare = ({ description }: { description?: string | null }) => !description;
