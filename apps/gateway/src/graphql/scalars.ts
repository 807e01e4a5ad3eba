import { GraphQLError, GraphQLInt, GraphQLScalarType, Kind, print, type ValueNode, valueFromASTUntyped } from 'graphql';

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

/**
 * In the place of GraphQL's own, which ends at 32 bits: providers take larger seeds, and JSON carries them. It has the same name, so that
 * every document and client that knows `Int` stays right.
 */
export const Int = new GraphQLScalarType<number, number>({
  ...GraphQLInt.toConfig(),
  description: 'A whole number from -(2^53 - 1) to 2^53 - 1, which is what JSON carries exactly.',
  serialize: whole,
  parseValue: whole,
  parseLiteral: (node) => whole(node.kind === Kind.INT ? Number(node.value) : undefined, print(node)),
});

/** `shown`: the value as it was written. */
function whole(value: unknown, shown = JSON.stringify(value)): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new GraphQLError(`Int must be a whole number from -(2^53 - 1) to 2^53 - 1; ${shown} is none.`);
}

/** The contracts carry instants as ISO 8601 strings already; what is sent may be of another time zone, and is UTC from here on. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'An instant, as an ISO 8601 string such as `2025-01-31T12:00:00.000Z`; in UTC wherever we tell one.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: String,
  parseValue: instant,
});

const RFC_3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
/** What four digits can say, in UTC too; there was no year 0. */
const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

function instant(value: unknown): string {
  const [, day] = (typeof value === 'string' && RFC_3339.exec(value)) || [];
  if (!day) {
    throw new GraphQLError('DateTime must be an ISO 8601 instant with a time zone, such as `2025-01-31T12:00:00Z`.');
  }
  const time = Date.parse(String(value));
  // Of a day that does not exist, JavaScript makes one of the next month.
  const exists = new Date(Date.parse(`${day}T00:00:00Z`) || 0).toISOString().startsWith(day);
  if (exists && time >= FIRST && time <= LAST) return new Date(time).toISOString();
  throw new GraphQLError(`DateTime must be an instant that exists, of the years 1 to 9999 in UTC; ${value} is none.`);
}

function notTooDeep(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST) throw new GraphQLError(`JSON may be nested ${DEEPEST} levels deep at most.`);
  for (const part of Object.values(value)) notTooDeep(part, depth + 1);
  return value;
}
