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

/** What an operation counts against the minute limits; one of zeros is a read. */
export interface Counted {
  /** Generations that it asks for. */
  readonly generating: number;
  /** Other mutations in it: each costs a transaction at least, and some reach out to the world. */
  readonly changing: number;
}

export const A_READ: Counted = { generating: 0, changing: 0 };

/** Each response name of a mutation is one, in whatever fragment it stands, also where @skip or @include will leave it out. */
export function countMutations(
  schema: GraphQLSchema,
  definition: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Counted {
  if (definition.operation !== 'mutation') return A_READ;
  const fields = schema.getMutationType()?.getFields() ?? {};
  const names = { generating: new Set<string>(), changing: new Set<string>() };
  const visited = new Set<FragmentDefinitionNode>();

  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const field = fields[selection.name.value];
        if (!field) continue;
        const kind = field.extensions.generates ? names.generating : names.changing;
        kind.add((selection.alias ?? selection.name).value);
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
  return { generating: names.generating.size, changing: names.changing.size };
}
