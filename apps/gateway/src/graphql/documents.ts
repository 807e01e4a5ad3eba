import { invalidInput } from '@doitong/contracts';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { canonicalForm } from './flat-dialect.js';
import { type FlatShape, flatShape } from './flat-shape.js';

/** A prompt is one token, whatever its length. */
export const MOST_TOKENS = 5_000;
/** Documents are kept whole in caches, ours and the executor's: of this number and length, they cannot fill the memory. */
export const MOST_DOCUMENTS = 300;
const LONGEST_DOCUMENT = 150_000;

/** The operation of a document that a request asks for. */
export class Operation {
  private shapeOnce: { of: FlatShape | undefined } | undefined;

  constructor(
    private readonly schema: GraphQLSchema,
    /** Names the document to execute; no two operations have the same. */
    readonly text: string,
    /** The document to validate and execute, in the form of the schema. */
    readonly document: DocumentNode,
    /** As they were sent. */
    readonly definition: OperationDefinitionNode,
    readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  ) {}

  /** What to flatten of its answers. For valid documents only; INVALID_INPUT when that is contradictory, so ask before executing. */
  get shape(): FlatShape | undefined {
    this.shapeOnce ??= { of: flatShape(this.schema, this) };
    return this.shapeOnce.of;
  }
}

/** Documents by their text. This is where one is parsed first, before anything is validated, charged or executed. */
export class Documents {
  private readonly parsed = new LRUCache<string, Operation[]>({ max: MOST_DOCUMENTS });

  /** Throws a GraphQLError on a syntax error; INVALID_INPUT when it is too long, or does not tell which operation is meant. */
  operation(schema: GraphQLSchema, text: string, operationName: string | undefined): Operation {
    const operations = this.parse(schema, text);
    const nameOf = ({ definition }: Operation) => definition.name?.value;
    const chosen = operationName ? operations.filter((each) => nameOf(each) === operationName) : operations;
    const [operation] = chosen;
    if (operation && chosen.length === 1) return operation;
    const names = operations.flatMap((each) => nameOf(each) ?? []);
    throw invalidInput('operationName', 'Name the one operation of the document that is meant.', names);
  }

  private parse(schema: GraphQLSchema, text: string): Operation[] {
    const known = this.parsed.get(text);
    if (known) return known;
    if (text.length > LONGEST_DOCUMENT) {
      throw invalidInput('query', `A document may have ${LONGEST_DOCUMENT} characters. Send long values as variables.`);
    }
    const sent = parse(text, { maxTokens: MOST_TOKENS });
    const document = canonicalForm(schema, sent);
    const definitions: OperationDefinitionNode[] = [];
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of sent.definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) definitions.push(definition);
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    }
    // The executor caches compiled operations by text alone, so that each operation needs a text of its own.
    const textOf = ({ name }: OperationDefinitionNode) => (definitions.length > 1 ? `${text}\n#${name?.value}` : text);
    const operations = definitions.map((each) => new Operation(schema, textOf(each), document, each, fragments));
    this.parsed.set(text, operations);
    return operations;
  }
}
