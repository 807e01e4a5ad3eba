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

/** The contracts carry instants as ISO 8601 strings already; what is sent may be of another time zone, and is UTC from here on. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'An instant, as an ISO 8601 string such as `2025-01-31T12:00:00.000Z`; in UTC wherever we tell one.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: String,
  parseValue: instant,
});

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

function instant(value: unknown): string {
  if (typeof value === 'string' && RFC_3339.test(value)) {
    const parsed = new Date(value);
    if (!Number.isNaN(parsed.getTime())) return parsed.toISOString();
  }
  throw new GraphQLError('DateTime must be an ISO 8601 instant with a time zone, such as `2025-01-31T12:00:00Z`.');
}

function notTooDeep(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST) throw new GraphQLError(`JSON may be nested ${DEEPEST} levels deep at most.`);
  for (const part of Object.values(value)) notTooDeep(part, depth + 1);
  return value;
}
