import { DoitongError, type ErrorBody } from '@doitong/contracts';
import {
  type ASTNode,
  BREAK,
  coerceInputValue,
  type GraphQLError,
  isEnumType,
  isInputType,
  Kind,
  typeFromAST,
  visit,
} from 'graphql';
import type { Operation } from './operation.js';

interface Fault {
  /** Names from the variable or argument down to the value. */
  path: readonly (string | number)[];
  message: string;
}

/** What is known of a request by the time that it failed. */
export interface Asked {
  operation?: Operation;
  variables?: Record<string, unknown> | null;
}

/** INVALID_INPUT for what GraphQL itself found wrong with a request: the field at fault and what it may be, where that is known. */
export function invalidRequest(error: GraphQLError, { operation, variables }: Asked): ErrorBody {
  const variable = operation && faultyVariable(error, operation, variables ?? {});
  const fault = variable ?? (operation && faultyNode(error, operation));
  const message = fault?.message ?? error.message;
  const enumType = operation?.schema.getType(/(?:^Enum|in) "(\w+)"/.exec(message)?.[1] ?? '');
  return new DoitongError('INVALID_INPUT', message, {
    ...(fault ? { field: fieldOf(fault) } : {}),
    ...(isEnumType(enumType) ? { allowed: enumType.getValues().map(({ name }) => name) } : {}),
  }).body;
}

/** As customers call a field: `options.duration`, without the variable or argument that all of their input is in. */
function fieldOf({ path, message }: Fault): string {
  const named = /^Field "(?:\w+\.)?(\w+)"/.exec(message)?.[1];
  const names = named && named !== path.at(-1) ? [...path, named] : path;
  return (names.length > 1 ? names.slice(1) : names).join('.');
}

/** The executor's own message repeats the whole variable. */
function faultyVariable(
  error: GraphQLError,
  { schema, definition }: Operation,
  variables: Record<string, unknown>,
): Fault | undefined {
  const named = /^Variable "\$(\w+)"/.exec(error.message)?.[1];
  const declared = definition.variableDefinitions?.find(({ variable }) => variable.name.value === named);
  const type = declared && typeFromAST(schema, declared.type);
  if (!named || !isInputType(type)) return undefined;
  const given = Object.hasOwn(variables, named) ? variables[named] : undefined;
  const faults: Fault[] = [];
  coerceInputValue(given, type, (path, _value, { message }) => faults.push({ path: [named, ...path], message }));
  return faults[0];
}

function faultyNode(error: GraphQLError, { definition, fragments }: Operation): Fault | undefined {
  const node = error.nodes?.[0];
  if (!node?.loc) return undefined;
  if (node.kind === Kind.FIELD) return { path: [node.name.value], message: error.message };
  let path: string[] = [];
  for (const root of [definition, ...fragments.values()]) {
    visit(root, {
      enter(candidate, _key, parent, _path, ancestors) {
        if (candidate.kind !== node.kind || candidate.loc?.start !== node.loc?.start) return undefined;
        // `ancestors` ends before the parent, and holds arrays too.
        path = [...ancestors, parent, candidate].flatMap((each) => inputName(each as ASTNode | undefined));
        return BREAK;
      },
    });
  }
  return path.length > 0 ? { path, message: error.message } : undefined;
}

const inputName = (node: ASTNode | undefined): string | never[] =>
  node?.kind === Kind.ARGUMENT || node?.kind === Kind.OBJECT_FIELD ? node.name.value : [];
