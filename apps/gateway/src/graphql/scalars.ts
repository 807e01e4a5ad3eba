import { GraphQLError, GraphQLScalarType, type ValueNode, valueFromASTUntyped } from 'graphql';

const DEEPEST = 32;

/** Any JSON value; as an input not so deeply nested that a later reader could run out of stack. */
export const Json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value: object, array, string, number, boolean or null.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259',
  serialize: (value) => value,
  parseValue: (value) => notTooDeep(value),
  parseLiteral: (node: ValueNode, variables) => notTooDeep(valueFromASTUntyped(node, variables)),
});

/** The contracts carry instants as ISO 8601 strings already. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'An instant in UTC, as an ISO 8601 string such as `2025-01-31T12:00:00.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: String,
});

function notTooDeep(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST) throw new GraphQLError(`JSON may be nested ${DEEPEST} levels deep at most.`);
  for (const part of Object.values(value)) notTooDeep(part, depth + 1);
  return value;
}
