import { invalidInput } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { beyondLimit, keepWithinLimits, MOST_TOKENS } from './document-limits.js';
import { canonicalForm } from './flat-dialect.js';
import { flatShape } from './flat-shape.js';
import { Operation } from './operation.js';
import { unconditionalSubscriptions } from './unconditional-subscriptions.js';

/** Documents are kept whole: of this number and length, they cannot fill the memory. */
const MOST_DOCUMENTS = 300;
const LONGEST_DOCUMENT = 150_000;
const RULES = [...specifiedRules, unconditionalSubscriptions];

/** What became of a text: its operations, or why it has none. */
type Read = { operations: Operation[] } | { failure: unknown };

/**
 * Documents by their text. The one place where they are parsed, measured, put into the form of the schema and validated: once each, and
 * never again on a repeat.
 */
@Injectable()
export class Documents {
  private readonly known = new LRUCache<string, Read>({ max: MOST_DOCUMENTS });
  private schema!: GraphQLSchema;

  /** The schema that all documents are written against, once it is made. */
  writtenAgainst(schema: GraphQLSchema): void {
    this.schema = schema;
  }

  /**
   * The operation that is asked for; it may have `faults`. Throws a GraphQLError on a syntax error; INVALID_INPUT when the document
   * exceeds a limit, asks for one name in both forms, or does not tell which operation is meant.
   */
  operation(text: string, operationName: string | undefined): Operation {
    const operations = this.operationsOf(text);
    const chosen = operationName
      ? operations.filter(({ definition }) => definition.name?.value === operationName)
      : operations;
    const [operation] = chosen;
    if (operation && chosen.length === 1) return operation;
    const names = operations.flatMap(({ definition }) => definition.name?.value ?? []);
    throw invalidInput('operationName', 'Name the one operation of the document that is meant.', names);
  }

  private operationsOf(text: string): Operation[] {
    let read = this.known.get(text);
    if (!read) {
      read = this.read(text);
      this.known.set(text, read);
    }
    if ('failure' in read) throw read.failure;
    return read.operations;
  }

  private read(text: string): Read {
    try {
      const sent = parseWithinLimits(text);
      keepWithinLimits(this.schema, sent);
      const document = canonicalForm(this.schema, sent);
      const faults = validate(this.schema, document, RULES);
      const fragments = fragmentsOf(sent);
      const operations = sent.definitions.filter(isOperation).map((definition) => {
        const shape = faults.length === 0 ? flatShape(this.schema, { definition, fragments }) : undefined;
        return new Operation(this.schema, document, definition, fragments, faults, shape);
      });
      return { operations };
    } catch (failure) {
      return { failure };
    }
  }
}

function parseWithinLimits(text: string): DocumentNode {
  if (text.length > LONGEST_DOCUMENT) {
    const message = `The document has ${text.length} characters; ${LONGEST_DOCUMENT} are allowed. Send long values as variables.`;
    throw beyondLimit('length', LONGEST_DOCUMENT, message);
  }
  try {
    return parse(text, { maxTokens: MOST_TOKENS });
  } catch (error) {
    if (!(error instanceof GraphQLError) || !error.message.endsWith('tokens. Parsing aborted.')) throw error;
    throw beyondLimit('tokens', MOST_TOKENS, `The document has more than ${MOST_TOKENS} tokens, which is the limit.`);
  }
}

const isOperation = (definition: DefinitionNode): definition is OperationDefinitionNode =>
  definition.kind === Kind.OPERATION_DEFINITION;

function fragmentsOf({ definitions }: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION) as FragmentDefinitionNode[];
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}
