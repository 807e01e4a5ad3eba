import {
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isLeafType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** Object types that may be asked for as a leaf. */
interface LeafForm {
  /** Fields that are selected in its stead. */
  fields(type: GraphQLObjectType): string[];
  flatten(value: Record<string, unknown>): unknown;
}

/**
 * Customers may ask in a flat form too: a leaf `error` is its message, a leaf `metadata` is JSON, and in a selection with
 * a leaf `error` or an `errorCode`, `status` is in lower case. A document is put into the form of the schema before it is
 * validated, and what comes of it is flattened by flat-shape.ts.
 */
const leafForms: Partial<Record<string, LeafForm>> = {
  GenerationError: { fields: () => ['message'], flatten: ({ message }) => message },
  GenerationMetadata: {
    fields: (type) =>
      Object.values(type.getFields())
        .filter((field) => isLeafType(getNamedType(field.type)))
        .map(({ name }) => name),
    flatten: (metadata) => Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null)),
  },
};

/** The document in the form of the schema. Its nodes are where they are in the one that was sent; no type needs to be right. */
export function canonicalForm(schema: GraphQLSchema, sent: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema);
  const leave = (node: FieldNode): FieldNode | undefined => {
    const type = node.selectionSet ? undefined : getNullableType(types.getType());
    const form = leafFormOf(type);
    return form && { ...node, selectionSet: selecting(form.fields(type as GraphQLObjectType), node) };
  };
  return visit(sent, visitWithTypeInfo(types, { [Kind.FIELD]: { leave } }));
}

/** How a field of this very type may be asked for as a leaf. */
export function leafFormOf(type: unknown): LeafForm | undefined {
  return isObjectType(type) ? leafForms[type.name] : undefined;
}

function selecting(names: string[], { loc }: FieldNode): SelectionSetNode {
  const selections = names.map(
    (value): FieldNode => ({ kind: Kind.FIELD, name: { kind: Kind.NAME, value, loc }, loc }),
  );
  return { kind: Kind.SELECTION_SET, selections, loc };
}
