import { DoitongError, type Principal, type Scope } from '@doitong/contracts';
import {
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** Extension of a field that only keys with this scope may ask for. Every field of Query, Mutation and Subscription has one. */
export const needs = (scope: Scope) => ({ scope });

/** All scopes that an operation asks for, in whatever fragment, also where @skip or @include will leave a field out. */
export function scopesOf(
  schema: GraphQLSchema,
  definition: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Set<Scope> {
  const scopes = new Set<Scope>();
  const visited = new Set<string>();
  const collect = (root: OperationDefinitionNode | FragmentDefinitionNode): void => {
    const types = new TypeInfo(schema);
    visit(
      root,
      visitWithTypeInfo(types, {
        [Kind.FIELD]: () => {
          const scope = types.getFieldDef()?.extensions.scope;
          if (scope) scopes.add(scope as Scope);
        },
        [Kind.FRAGMENT_SPREAD]: ({ name: { value: name } }) => {
          const fragment = fragments.get(name);
          if (!fragment || visited.has(name)) return;
          visited.add(name);
          collect(fragment);
        },
      }),
    );
  };
  collect(definition);
  return scopes;
}

/** FORBIDDEN, naming the first that the key lacks. The operation is refused whole, as by a key that is not known at all. */
export function requireScopes({ scopes: own }: Principal, asked: ReadonlySet<Scope>): void {
  for (const scope of asked) {
    if (own.includes(scope)) continue;
    throw new DoitongError('FORBIDDEN', `This API key does not have the scope "${scope}".`, { scope });
  }
}
