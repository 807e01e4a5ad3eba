import { DoitongError } from '@doitong/contracts';
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { introspectionCost } from './introspection-cost.js';

/** A prompt is one token, whatever its length. */
export const MOST_TOKENS = 2_000;
/** Twice what the deepest answer of the schema has. */
const DEEPEST = 12;
const MOST_ALIASES = 100;
/** Two of the largest pages of generations, with all that is known of each. */
const HIGHEST_COST = 10_000;

/** A field of Query or Mutation is a call to another service. */
const CALL_COST = 10;
const FIELD_COST = 1;
/** How many entries a list is reckoned with that is no page. */
const LIST_LENGTH = 5;
const LONGEST_PAGE = 100;
const INTROSPECTION = new Set(['__schema', '__type']);

/** INVALID_INPUT that names the limit of documents which is exceeded, and what was found. */
export function beyondLimit(limit: string, allowed: number, message: string): DoitongError {
  return new DoitongError('INVALID_INPUT', message, { limit, allowed });
}

/**
 * Throws INVALID_INPUT where an operation is too deep, has too many aliases or may cost too much, counted as if every fragment stood
 * where it is spread. Takes time in proportion to the document, also where fragments multiply or go in circles. Introspection costs as many
 * fields as its answer has; how deep it is does not matter.
 */
export function keepWithinLimits(schema: GraphQLSchema, document: DocumentNode): void {
  const measure = measureOf(schema, document);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, aliases, cost } = measure(definition.selectionSet, schema.getRootType(definition.operation));
    if (depth > DEEPEST) {
      throw beyondLimit('depth', DEEPEST, `The operation is ${depth} levels deep; ${DEEPEST} are allowed.`);
    }
    if (aliases > MOST_ALIASES) {
      throw beyondLimit('aliases', MOST_ALIASES, `The operation has ${aliases} aliases; ${MOST_ALIASES} are allowed.`);
    }
    if (cost > HIGHEST_COST) {
      const reckoning = `the fields of its answer, reckoned with ${LIST_LENGTH} entries a list or with \`first\``;
      throw beyondLimit(
        'cost',
        HIGHEST_COST,
        `The operation costs ${Number.isFinite(cost) ? cost : 'far more'} (${reckoning}); ${HIGHEST_COST} is allowed.`,
      );
    }
  }
}

interface Measure {
  depth: number;
  aliases: number;
  cost: number;
}

const nothing: Measure = { depth: 0, aliases: 0, cost: 0 };
const together = (one: Measure, other: Measure): Measure => ({
  depth: Math.max(one.depth, other.depth),
  aliases: one.aliases + other.aliases,
  cost: one.cost + other.cost,
});

function measureOf(schema: GraphQLSchema, document: DocumentNode) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  /** By name. One that is being measured counts as nothing within itself: validation refuses circles. */
  const measured = new Map<string, Measure>();
  const roots = new Set<unknown>([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);

  /** `isPage`: the selection is of a page, whose length `first` has told already. */
  const ofSelections = ({ selections }: SelectionSetNode, parent?: GraphQLNamedType | null, isPage = false): Measure =>
    selections
      .map((selection) => {
        if (selection.kind === Kind.FIELD) return ofField(selection, parent, isPage);
        if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
        const { typeCondition, selectionSet } = selection;
        return ofSelections(selectionSet, typeCondition ? schema.getType(typeCondition.name.value) : parent, isPage);
      })
      .reduce(together, nothing);

  const ofFragment = (name: string): Measure => {
    const known = measured.get(name);
    const fragment = fragments.get(name);
    if (known || !fragment) return known ?? nothing;
    measured.set(name, nothing);
    const measure = ofSelections(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value));
    measured.set(name, measure);
    return measure;
  };

  const ofField = (node: FieldNode, parent: GraphQLNamedType | null | undefined, isPage: boolean): Measure => {
    const aliases = node.alias ? 1 : 0;
    const ownCost = roots.has(parent) ? CALL_COST : FIELD_COST;
    if (!node.selectionSet) return { depth: 1, aliases, cost: ownCost };
    if (INTROSPECTION.has(node.name.value)) {
      const inner = ofSelections(node.selectionSet);
      const cost = ownCost + introspectionCost(schema, fragments, node);
      return { depth: 1, aliases: aliases + inner.aliases, cost };
    }
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    const length = field ? lengthOf(field, node, isPage) : 1;
    const type = field && getNamedType(field.type);
    const below = ofSelections(
      node.selectionSet,
      type,
      field?.args.some(({ name }) => name === 'first'),
    );
    return { depth: below.depth + 1, aliases: below.aliases + aliases, cost: ownCost + below.cost * length };
  };
  return ofSelections;
}

/** How many entries an answer is reckoned to have. */
function lengthOf({ args, type }: GraphQLField<unknown, unknown>, node: FieldNode, isPage: boolean): number {
  const first = args.find(({ name }) => name === 'first');
  if (first) {
    const given = node.arguments?.find(({ name }) => name.value === 'first')?.value;
    if (given?.kind === Kind.INT) return Math.max(0, Number(given.value));
    return given || first.defaultValue === undefined ? LONGEST_PAGE : Number(first.defaultValue);
  }
  return isListType(getNullableType(type)) && !isPage ? LIST_LENGTH : 1;
}
