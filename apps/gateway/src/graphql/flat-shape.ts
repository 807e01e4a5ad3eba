import { invalidInput } from '@doitong/contracts';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isObjectType,
  isOutputType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { leafFormOf } from './flat-dialect.js';

/** What is flat in an operation's answers, by response name. */
export interface FlatShape {
  values: [name: string, flatten: (value: never) => unknown][];
  within: [name: string, shape: FlatShape][];
}

interface Sent {
  definition: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/**
 * The shape of an operation as it was sent, once its document is known to be valid; undefined where nothing is flat.
 * INVALID_INPUT when one response name is asked for in both forms.
 */
export function flatShape(schema: GraphQLSchema, { definition, fragments }: Sent): FlatShape | undefined {
  const root = schema.getRootType(definition.operation);
  return root ? shapeOf(root, [definition.selectionSet]) : undefined;

  function shapeOf(parent: GraphQLOutputType, selectionSets: SelectionSetNode[]): FlatShape | undefined {
    const asked = new Map<string, Asked>();
    const visited = new Set<string>();
    for (const set of selectionSets) collect(parent, set, asked, visited);
    const isFlat = [...asked.values()].some(isFlatMark);
    const shape: FlatShape = { values: [], within: [] };
    for (const [name, { field, nodes }] of asked) {
      const named = getNamedType(field.type);
      const inner = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (isFlat && named.name === 'GenerationStatus') shape.values.push([name, lowerCase]);
      else if (inner.length === 0) addLeaf(shape, name, field);
      else if (inner.length < nodes.length) throw askedInBothForms(name);
      else {
        const flat = shapeOf(named, inner);
        if (flat) shape.within.push([name, flat]);
      }
    }
    return shape.values.length + shape.within.length > 0 ? shape : undefined;
  }

  function collect(
    parent: GraphQLOutputType,
    { selections }: SelectionSetNode,
    asked: Map<string, Asked>,
    visited: Set<string>,
  ): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const field =
          isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[selection.name.value] : undefined;
        const name = (selection.alias ?? selection.name).value;
        if (!field) continue;
        const known = asked.get(name);
        if (known) known.nodes.push(selection);
        else asked.set(name, { field, nodes: [selection] });
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (visited.has(selection.name.value)) continue;
        visited.add(selection.name.value);
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (!fragment) continue;
      const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
      collect(isOutputType(condition) ? condition : parent, fragment.selectionSet, asked, visited);
    }
  }
}

/** All that an operation asks for under one response name. */
interface Asked {
  field: GraphQLField<unknown, unknown>;
  nodes: FieldNode[];
}

function isFlatMark({ field, nodes }: Asked): boolean {
  const { name } = getNamedType(field.type);
  if (name === 'GenerationError') return nodes.some(({ selectionSet }) => !selectionSet);
  return name === 'ErrorCode' && field.name === 'errorCode';
}

function addLeaf({ values }: FlatShape, name: string, { type }: Asked['field']): void {
  const form = leafFormOf(getNullableType(type));
  if (form) values.push([name, form.flatten]);
}

const lowerCase = (word: string) => word.toLowerCase();

function askedInBothForms(name: string) {
  return invalidInput(name, `\`${name}\` is asked for with and without fields. Give one of the two an alias.`);
}

/** Flattens an answer's data in place. */
export function flatten(data: unknown, shape: FlatShape): void {
  if (typeof data !== 'object' || data === null) return;
  if (Array.isArray(data)) {
    for (const item of data) flatten(item, shape);
    return;
  }
  const object = data as Record<string, unknown>;
  for (const [name, inner] of shape.within) flatten(object[name], inner);
  for (const [name, turn] of shape.values) {
    // Absent where it was skipped.
    if (object[name] != null) object[name] = turn(object[name] as never);
  }
}
