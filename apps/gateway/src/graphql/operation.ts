import type { Scope } from '@doitong/contracts';
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { scopesOf } from '../auth/scopes.js';
import { type Counted, countMutations } from '../rate-limit/generating-fields.js';
import type { GraphqlContext } from './context.js';
import { type FlatShape, flatten } from './flat-shape.js';

/** One operation of a document, with all that is found out of it once, however often it comes. */
export class Operation {
  /** What it counts against the minute limits. */
  readonly counted: Counted;
  /** What a key must be allowed to ask for it. */
  readonly scopes: ReadonlySet<Scope>;

  constructor(
    readonly schema: GraphQLSchema,
    /** The document to execute, in the form of the schema. */
    readonly document: DocumentNode,
    /** This operation, and the fragments of its document, as they were sent. */
    readonly definition: OperationDefinitionNode,
    readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    /** What validation found wrong with the document: it must not be executed then. */
    readonly faults: readonly GraphQLError[],
    private readonly shape: FlatShape | undefined,
  ) {
    this.counted = countMutations(schema, definition, fragments);
    this.scopes = scopesOf(schema, definition, fragments);
  }

  /** Errors are in the result, those of the variables too; they have no path. */
  async execute(contextValue: GraphqlContext, variableValues: Record<string, unknown>): Promise<ExecutionResult> {
    const { schema, document, definition } = this;
    const operationName = definition.name?.value;
    return this.flattened(await execute({ schema, document, operationName, contextValue, variableValues }));
  }

  /** The result in the form that was asked for; in place. */
  flattened(result: ExecutionResult): ExecutionResult {
    if (this.shape) flatten(result.data, this.shape);
    return result;
  }
}
