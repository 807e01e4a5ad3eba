import { beforeAll, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import fc from 'fast-check';
import {
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isIntrospectionType,
  isLeafType,
  isListType,
  isObjectType,
  parse,
} from 'graphql';
import { anyRequest } from '../__fixtures__/any-document.js';
import { aPrincipal } from '../__fixtures__/messages.js';
import { Documents } from './documents.js';
import type { Operation } from './operation.js';
import { resolvers } from './resolvers.js';

const RUNS = 1_000;
const REPEATS = 3;
/** The field that fails. */
const FAILING = 'progress';
const context = { principal: aPrincipal(), idempotencyKey: undefined };

let schema: GraphQLSchema;
beforeAll(async () => {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  schema = await app.get(GraphQLSchemaFactory).create(resolvers);
  tellArguments(schema);
});

/** What every part of the way down was asked with. */
type Told = object[];

/** Has each field answer with the arguments that it and those above it were asked with, or fail. */
function tellArguments(of: GraphQLSchema): void {
  for (const type of Object.values(of.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const named = getNamedType(field.type);
      const leaves: Partial<Record<string, (told: Told) => unknown>> = {
        Int: (told) => told.length,
        Float: (told) => told.length + 0.5,
        Boolean: () => true,
        DateTime: () => '2025-01-31T12:00:00.000Z',
        JSON: (told) => told,
      };
      field.resolve = async (source: Told = [], args) => {
        if (field.name === FAILING) throw new Error('Not this time.');
        const told = [...source, args];
        const leaf = leaves[named.name] ?? JSON.stringify;
        const one = isEnumType(named) ? named.getValues()[0]!.value : isLeafType(named) ? leaf(told) : told;
        return isListType(getNullableType(field.type)) ? [one, one] : one;
      };
    }
  }
}

const seen = ({ data, errors = [] }: ExecutionResult) => ({
  data: JSON.stringify(data),
  errors: errors.map(({ message, path, locations }) => ({ message, path, locations })),
});

it('a document is answered as GraphQL has it, the same however often it comes, and whatever its variables are', async () => {
  let executed = 0;
  const property = fc.asyncProperty(fc.gen(), async (gen) => {
    const { document, variables } = anyRequest(gen, schema);
    const documents = new Documents();
    documents.writtenAgainst(schema);
    let operation: Operation;
    try {
      operation = documents.operation(document, undefined);
    } catch {
      // Beyond a limit of ours.
      return;
    }
    if (operation.faults.length > 0) return;
    executed += 1;
    const expected = seen(
      await execute({ schema, document: parse(document), variableValues: variables, contextValue: context }),
    );
    for (let time = 1; time <= REPEATS; time++) {
      const again = documents.operation(document, undefined);
      const asked = { document, variables, time };
      expect({ ...asked, ...seen(await again.execute(context, variables)) }).toEqual({ ...asked, ...expected });
    }
  });
  await fc.assert(property, { numRuns: RUNS });
  expect(executed).toBeGreaterThan(RUNS / 10);
});
