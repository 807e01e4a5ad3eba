import type { Scope } from '@doitong/contracts';
import {
  BREAK,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { scopesOf } from '../auth/scopes.js';
import { countGenerating } from '../rate-limit/generating-fields.js';
import type { GraphqlContext } from './context.js';
import { type FlatShape, flatten } from './flat-shape.js';

/** What is sent once is not worth compiling. */
const COMPILED_AT = 2;

type Execute = (
  context: GraphqlContext,
  variables: Record<string, unknown>,
) => ExecutionResult | Promise<ExecutionResult>;

/** One operation of a document, with all that is found out of it once, however often it comes. */
export class Operation {
  /** How many generations it asks for. */
  readonly generating: number;
  /** What a key must be allowed to ask for it. */
  readonly scopes: ReadonlySet<Scope>;
  private executions = 0;
  private executor: Execute;

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
    this.generating = countGenerating(schema, definition, fragments);
    this.scopes = scopesOf(schema, definition, fragments);
    const operationName = definition.name?.value;
    this.executor = (contextValue, variableValues) =>
      execute({ schema, document, operationName, contextValue, variableValues });
  }

  /** Errors are in the result, those of the variables too; they have no path. */
  async execute(context: GraphqlContext, variables: Record<string, unknown>): Promise<ExecutionResult> {
    this.executions += 1;
    if (this.executions === COMPILED_AT && this.isCompilable()) this.compile();
    return this.flattened(await this.executor(context, variables));
  }

  /** The result in the form that was asked for; in place. */
  flattened(result: ExecutionResult): ExecutionResult {
    if (this.shape) flatten(result.data, this.shape);
    return result;
  }

  /** A compiled operation loses variables inside a JSON literal, as in `options: { duration: $seconds }`. */
  private isCompilable(): boolean {
    if (this.definition.operation !== OperationTypeNode.QUERY) return false;
    let compilable = true;
    const inLiteral = (node: object) => {
      visit(node as never, {
        Variable() {
          compilable = false;
          return BREAK;
        },
      });
      return false;
    };
    visit(this.document, { [Kind.OBJECT]: inLiteral, [Kind.LIST]: inLiteral });
    return compilable;
  }

  private compile(): void {
    const options = { disablingCapturingStackErrors: true };
    const compiled = compileQuery(this.schema, this.document, this.definition.name?.value, options);
    if (isCompiledQuery(compiled))
      this.executor = (context, variables) => compiled.query(undefined, context, variables);
  }
}
