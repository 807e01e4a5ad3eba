import { invalidInput } from '@doitong/contracts';
import type { PageInfo } from './page-info.type.js';

export const PAGE = 20;
const LARGEST_PAGE = 100;

export interface AskedPage {
  first?: number | null;
  after?: string | null;
}

interface Page {
  first: number;
  /** Id of the item before the page. */
  after?: string;
}

/** The arguments of a list in the form of the contracts, or INVALID_INPUT. `idForm`: what ids of its items look like. */
export function parsePage({ first, after }: AskedPage, idForm: RegExp): Page {
  return { first: sizeOf(first ?? PAGE), ...(after == null ? {} : { after: idOf(after, idForm) }) };
}

export function toConnection<Node extends { id: string }>(
  nodes: Node[],
  more: boolean,
  { after }: Page,
): { edges: { cursor: string; node: Node }[]; pageInfo: PageInfo } {
  const edges = nodes.map((node) => ({ cursor: cursorOf(node.id), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: more,
      hasPreviousPage: after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

function sizeOf(first: number): number {
  if (first >= 1 && first <= LARGEST_PAGE) return first;
  throw invalidInput('first', `\`first\` may be 1 to ${LARGEST_PAGE}.`, { minimum: 1, maximum: LARGEST_PAGE });
}

/** Opaque, so that nobody counts on what it is made of. */
const cursorOf = (id: string) => Buffer.from(id).toString('base64url');

function idOf(cursor: string, form: RegExp): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (form.test(id) && cursorOf(id) === cursor) return id;
  throw invalidInput('after', '`after` must be the cursor of an edge, or an `endCursor`, of this list.');
}
