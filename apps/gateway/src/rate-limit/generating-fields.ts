import {
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { needs } from '../auth/scopes.js';

/** Extensions of a mutation that makes a generation; such a field counts against the minute limit. */
export const GENERATES = { generates: true, ...needs('generate') };

/** Why such a field is nullable: as a field that is not, it would take the ids of what was accepted beside it with it. */
export const NULL_WHEN_REFUSED =
  'Null, with an error that says why, when it was refused; other fields are not concerned.';

/**
 * How many generations an operation asks for: each response name of a generating field is one, in whatever fragment it
 * stands, also where @skip or @include will leave it out.
 */
export function countGenerating(
  schema: GraphQLSchema,
  definition: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): number {
  if (definition.operation !== 'mutation') return 0;
  const fields = schema.getMutationType()?.getFields() ?? {};
  const responseNames = new Set<string>();
  const visited = new Set<FragmentDefinitionNode>();

  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        if (fields[selection.name.value]?.extensions.generates) {
          responseNames.add((selection.alias ?? selection.name).value);
        }
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet);
      } else {
        const fragment = fragments.get(selection.name.value);
        if (!fragment || visited.has(fragment)) continue;
        visited.add(fragment);
        collect(fragment.selectionSet);
      }
    }
  };
  collect(definition.selectionSet);
  return responseNames.size;
}
