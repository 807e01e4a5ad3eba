import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
} from 'graphql';

/** A document that a schema takes, or nearly so, and variables that fit it or not. */
export interface AnyRequest {
  document: string;
  variables: Record<string, unknown>;
}

/** Response names that objects of JavaScript have something of their own by. */
const ALIASES = ['__proto__', 'constructor', 'toString', 'other'];
const DEEPEST = 3;
/** Turns `status` into lower case, as no plain executor does. */
const LEFT_OUT = 'errorCode';

const scalars: Record<string, [literals: string[], wrong: string[], values: unknown[], wrongValues: unknown[]]> = {
  Int: [
    ['1', '7'],
    ['1.5', '"1"'],
    [1, 4_294_967_295],
    [1.5, '1', true, {}],
  ],
  Float: [['1', '1.5'], ['"1"'], [1, 1.5], ['1', true, []]],
  String: [
    ['"x"', '"""y"""'],
    ['1', 'x'],
    ['x', ''],
    [1, true, {}],
  ],
  ID: [
    ['"x"', '1'],
    ['1.5', 'x'],
    ['x', 1],
    [1.5, true, []],
  ],
  Boolean: [
    ['true', 'false'],
    ['"true"', '1'],
    [true, false],
    ['true', 0, {}],
  ],
  DateTime: [['"2025-01-31T12:00:00Z"'], ['"yesterday"', '1'], ['2025-01-31T12:00:00+01:00'], ['yesterday', 1]],
  JSON: [['{ a: [1, "x"] }', '"x"'], [], [{ a: [null, 1] }, 'x', 1], []],
};

type Gen = fc.GeneratorValue;

/** Written by the choices of `gen`, so that fast-check can make a smaller one of it. */
export function anyRequest(gen: Gen, schema: GraphQLSchema): AnyRequest {
  const writer = new Writer(gen, schema);
  return writer.request();
}

class Writer {
  private readonly declared: string[] = [];
  private readonly variables: Record<string, unknown> = {};
  private readonly fragments: string[] = [];

  constructor(
    private readonly gen: Gen,
    private readonly schema: GraphQLSchema,
  ) {}

  request(): AnyRequest {
    const kind = this.oneOf([OperationTypeNode.QUERY, OperationTypeNode.QUERY, OperationTypeNode.MUTATION]);
    const selections = this.selections(this.schema.getRootType(kind)!, 0);
    const declared = this.declared.length > 0 ? `(${this.declared.join(', ')})` : '';
    return {
      document: [`${kind} Any${declared} ${selections}`, ...this.fragments].join('\n'),
      variables: this.variables,
    };
  }

  private selections(type: GraphQLOutputType, depth: number): string {
    if (!isObjectType(type)) throw new Error(`${type} is no object`);
    const fields = Object.values(type.getFields()).filter(
      (field) => field.name !== LEFT_OUT && (depth < DEEPEST || isLeafType(getNamedType(field.type))),
    );
    const many = this.upTo(3) + 1;
    const written = Array.from({ length: many }, (_, at) => {
      const field = this.oneOf(fields);
      const alias = this.maybe(2) ? `${this.oneOf(ALIASES)}${this.maybe(2) ? '' : at}: ` : '';
      const args = this.args(field.args);
      const named = getNamedType(field.type) as GraphQLOutputType;
      const inner = isLeafType(named) ? '' : ` ${this.selections(named, depth + 1)}`;
      return this.wrapped(`${alias}${field.name}${args}${this.directive()}${inner}`, type.name);
    });
    return `{ ${written.join(' ')} }`;
  }

  private wrapped(selection: string, type: string): string {
    if (!this.maybe(5)) return selection;
    if (this.maybe(2)) return `...${this.oneOf(['', ` on ${type}`])}${this.directive()} { ${selection} }`;
    const name = `F${this.fragments.length}`;
    this.fragments.push(`fragment ${name} on ${type} { ${selection} }`);
    return `...${name}${this.directive()}`;
  }

  private directive(): string {
    if (!this.maybe(6)) return '';
    const condition = this.maybe(2) ? this.oneOf(['true', 'false']) : this.variable('Boolean!', scalars.Boolean![0]);
    return ` @${this.oneOf(['skip', 'include'])}(if: ${condition})`;
  }

  private args(args: readonly GraphQLArgument[]): string {
    const given = args.filter((arg) => this.isGiven(arg)).map((arg) => `${arg.name}: ${this.value(arg.type)}`);
    return given.length > 0 ? `(${given.join(', ')})` : '';
  }

  private isGiven({ type, defaultValue }: GraphQLArgument | GraphQLInputField): boolean {
    return (isNonNullType(type) && defaultValue === undefined) || this.maybe(2);
  }

  /** In the document: a literal or a variable. */
  private value(type: GraphQLInputType): string {
    if (this.maybe(2)) return this.variable(String(type), [this.literal(type)], type);
    return this.literal(type);
  }

  private literal(type: GraphQLInputType): string {
    if (isNonNullType(type)) return this.literal(type.ofType);
    if (this.maybe(12)) return 'null';
    if (isListType(type)) return this.maybe(3) ? this.literal(type.ofType) : `[${this.literal(type.ofType)}]`;
    if (isEnumType(type)) return this.maybe(12) ? 'NONE' : this.oneOf(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => this.isGiven(field));
      return `{ ${fields.map((field) => `${field.name}: ${this.value(field.type)}`).join(', ')} }`;
    }
    const [right, wrong] = scalars[type.name]!;
    if (type.name === 'JSON' && this.maybe(3)) return `{ a: ${this.variable('String', ['"x"'])} }`;
    return this.oneOf(wrong.length > 0 && this.maybe(12) ? wrong : right);
  }

  /** Declared with or without a default, of the type or one that may stand in its place, and sent or not. */
  private variable(type: string, defaults: string[], input?: GraphQLInputType): string {
    const name = `${this.oneOf(['v', 'constructor'])}${this.declared.length}`;
    const nullable = type.replace(/!$/, '');
    const byDefault = this.oneOf(defaults);
    // A default may not speak of other variables.
    const hasDefault = this.maybe(2) && !byDefault.includes('$');
    const declaredType = hasDefault ? this.oneOf([type, nullable]) : type;
    this.declared.push(`$${name}: ${declaredType}${hasDefault ? ` = ${byDefault}` : ''}`);
    const sent = this.upTo(9);
    if (sent === 0) this.variables[name] = null;
    else if (sent > 2) this.variables[name] = input ? this.json(input) : this.oneOf([true, false, 'x']);
    return `$${name}`;
  }

  private json(type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return this.json(type.ofType);
    if (this.maybe(12)) return this.oneOf([null, [], {}, 1]);
    if (isListType(type)) return this.maybe(3) ? this.json(type.ofType) : [this.json(type.ofType)];
    if (isEnumType(type)) return this.oneOf(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields()).filter((field) => this.isGiven(field));
      return Object.fromEntries(fields.map((field) => [field.name, this.json(field.type)]));
    }
    const [, , right, wrong] = scalars[type.name]!;
    return this.oneOf(wrong.length > 0 && this.maybe(12) ? wrong : right);
  }

  private oneOf<T>(values: readonly T[]): T {
    return values[this.upTo(values.length - 1)]!;
  }

  /** Once in so many times. */
  private maybe(times: number): boolean {
    return this.upTo(times - 1) === times - 1;
  }

  private upTo(max: number): number {
    return this.gen(fc.nat, { max });
  }
}
