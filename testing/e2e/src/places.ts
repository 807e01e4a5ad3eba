import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationTypeNode,
} from 'graphql';

/** A place of a schema where a customer's text goes in. */
export interface Place {
  /** Such as `generate(input.input.text)`. */
  name: string;
  /** An operation that has `text` there, which is a literal or the variable `$text`, and besides it the least that its field takes. */
  document(text: string): string;
}

type Field = GraphQLField<unknown, unknown>;
/** The way from an argument to a text in it. */
type Path = readonly string[];

const VARIABLE = '$text';

/** All of them in the fields of a root, and in the fields of what these answer. */
export function placesOf(schema: GraphQLSchema, kind: OperationTypeNode): Place[] {
  return Object.values(schema.getRootType(kind)!.getFields()).flatMap((field) => {
    const answer = getNamedType(field.type);
    const inner = isObjectType(answer) ? Object.values(answer.getFields()) : [];
    return [
      ...placesOfField(kind, field, (written) => written),
      ...inner.flatMap((one) => placesOfField(kind, one, (written) => `${called(field)} { ${written} }`)),
    ];
  });
}

function placesOfField(kind: OperationTypeNode, field: Field, within: (written: string) => string): Place[] {
  return field.args.flatMap((arg) =>
    textsIn(arg.type).map(({ path, type }) => ({
      name: within(`${field.name}(${[arg.name, ...path].join('.')})`),
      document: (text) => {
        const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
        const written = within(`${called(field, arg.name, path, text)}${selection}`);
        return `${kind} ${text === VARIABLE ? `(${VARIABLE}: ${type})` : ''} { ${written} }`;
      },
    })),
  );
}

/** A field with the arguments that it needs. */
function called({ name, args }: Field, given?: string, path: Path = [], text?: string): string {
  const written = args
    .filter((arg) => arg.name === given || isNonNullType(arg.type))
    .map((arg) => {
      const value = arg.name === given ? literal(arg.type, arg.name, path, text) : literal(arg.type, arg.name);
      return `${arg.name}: ${value}`;
    });
  return written.length > 0 ? `${name}(${written.join(', ')})` : name;
}

function textsIn(type: GraphQLInputType): { path: Path; type: string }[] {
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    return Object.values(named.getFields()).flatMap((field) =>
      textsIn(field.type).map((text) => ({ ...text, path: [field.name, ...text.path] })),
    );
  }
  if (named.name === 'JSON') return [{ path: [], type: 'String' }];
  if (named.name !== 'String' && named.name !== 'ID') return [];
  return [{ path: [], type: `${named.name}${isNonNullType(type) || isListType(type) ? '!' : ''}` }];
}

/** The least that a type takes; with `text` at the end of `path`, where there is one. */
function literal(type: GraphQLInputType, name: string, path: Path = [], text?: string): string {
  if (isNonNullType(type)) return literal(type.ofType, name, path, text);
  if (isListType(type)) return `[${literal(type.ofType, name, path, text)}]`;
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const [next, ...rest] = path;
    const parts = Object.values(type.getFields())
      .filter((field) => field.name === next || isNonNullType(field.type))
      .map((field) => [
        field.name,
        field.name === next ? literal(field.type, next, rest, text) : literal(field.type, field.name),
      ]);
    return `{ ${parts.map(([part, value]) => `${part}: ${value}`).join(', ')} }`;
  }
  if (type.name === 'JSON') return text ? `{ duration: ${text} }` : '{}';
  if (type.name === 'DateTime') return '"2025-01-31T12:00:00Z"';
  if (type.name === 'Boolean') return 'false';
  if (type.name === 'Int' || type.name === 'Float') return '1';
  return text ?? (name === 'url' ? '"https://example.com/"' : '"x"');
}
