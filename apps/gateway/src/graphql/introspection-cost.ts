import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

/** Fields of an answer that are counted one by one. What is spread or aliased again is not: so counting costs less than this, too. */
const MOST_COUNTED = 50_000;

type Resolve = GraphQLFieldResolver<unknown, unknown>;

/**
 * How many fields the answer to `__schema` or `__type` has, counted on the schema that it tells of; Infinity where counting them one by one
 * takes too long. Directives are left aside, a type that a variable names is the one that costs most.
 */
export function introspectionCost(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  { name, arguments: args, selectionSet }: FieldNode,
): number {
  let counted = 0;
  const known = new Map<SelectionSetNode, Map<unknown, number>>();

  const ofSelections = (selections: SelectionSetNode, type: GraphQLObjectType, value: unknown): number => {
    const before = known.get(selections) ?? new Map<unknown, number>();
    known.set(selections, before);
    const cost = before.get(value);
    if (cost !== undefined) return cost;
    // Within itself it counts as nothing: validation refuses circles.
    before.set(value, 0);
    const sum = selections.selections.reduce((total, selection) => {
      if (counted > MOST_COUNTED) return Number.POSITIVE_INFINITY;
      if (selection.kind === Kind.FIELD) return total + ofField(selection, type, value);
      const inner =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection.selectionSet
          : fragments.get(selection.name.value)?.selectionSet;
      return total + (inner ? ofSelections(inner, type, value) : 0);
    }, 0);
    before.set(value, sum);
    return sum;
  };

  const ofField = (node: FieldNode, type: GraphQLObjectType, parent: unknown): number => {
    counted += 1;
    const field = type.getFields()[node.name.value];
    const inner = field && getNamedType(field.type);
    if (!field || !node.selectionSet || !isObjectType(inner)) return 1;
    const value = (field.resolve as Resolve)(parent, ALL, undefined, { schema } as never);
    const values = Array.isArray(value) ? value : [value];
    const below = values.map((each) => (each ? ofSelections(node.selectionSet!, inner, each) : 0));
    return below.reduce((total, cost) => total + cost, 1);
  };

  if (name.value === '__schema') return ofSelections(selectionSet!, metaType(schema, '__Schema'), schema);
  const wanted = args?.find((argument) => argument.name.value === 'name')?.value;
  const types = wanted?.kind === Kind.STRING ? [schema.getType(wanted.value)] : Object.values(schema.getTypeMap());
  const costs = types.map((type) => (type ? ofSelections(selectionSet!, metaType(schema, '__Type'), type) : 0));
  return Math.max(0, ...costs);
}

/** With what is deprecated, too. */
const ALL = { includeDeprecated: true };

const metaType = (schema: GraphQLSchema, name: string) => schema.getType(name) as GraphQLObjectType;
