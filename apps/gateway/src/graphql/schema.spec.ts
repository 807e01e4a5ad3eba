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

  it('describes every type, field, argument and word', () => {
    const types = Object.values(schema.getTypeMap()).filter(
      (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
    );
    const operations = new Set(['Query', 'Mutation']);
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
