import { invalidInput } from '@doitong/contracts';
import { type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { LRUCache } from 'lru-cache';

/** A prompt is one token, whatever its length. */
export const MOST_TOKENS = 5_000;
/** Documents are kept whole in caches, ours and the executor's: of this number and length, they cannot fill the memory. */
export const MOST_DOCUMENTS = 300;
const LONGEST_DOCUMENT = 150_000;

/** The operation of a document that a request asks for. */
export interface Operation {
  /** The document to execute; no two operations have the same. */
  text: string;
  definition: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

interface ParsedDocument {
  operations: OperationDefinitionNode[];
  fragments: Map<string, FragmentDefinitionNode>;
}

/** Documents by their text. This is where one is parsed first, before anything is validated, charged or executed. */
export class Documents {
  private readonly parsed = new LRUCache<string, ParsedDocument>({ max: MOST_DOCUMENTS });

  /** Throws a GraphQLError on a syntax error; INVALID_INPUT when it is too long, or does not tell which operation is meant. */
  operation(text: string, operationName: string | undefined): Operation {
    const { operations, fragments } = this.parse(text);
    const chosen = operationName ? operations.filter(({ name }) => name?.value === operationName) : operations;
    const [definition] = chosen;
    if (!definition || chosen.length > 1) {
      const names = operations.flatMap(({ name }) => name?.value ?? []);
      throw invalidInput('operationName', 'Name the one operation of the document that is meant.', names);
    }
    // The executor caches compiled operations by text alone, so that each operation needs a text of its own.
    return { text: operations.length > 1 ? `${text}\n#${operationName}` : text, definition, fragments };
  }

  private parse(text: string): ParsedDocument {
    const known = this.parsed.get(text);
    if (known) return known;
    if (text.length > LONGEST_DOCUMENT) {
      throw invalidInput('query', `A document may have ${LONGEST_DOCUMENT} characters. Send long values as variables.`);
    }
    const parsed: ParsedDocument = { operations: [], fragments: new Map() };
    for (const definition of parse(text, { maxTokens: MOST_TOKENS }).definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) parsed.operations.push(definition);
      if (definition.kind === Kind.FRAGMENT_DEFINITION) parsed.fragments.set(definition.name.value, definition);
    }
    this.parsed.set(text, parsed);
    return parsed;
  }
}
