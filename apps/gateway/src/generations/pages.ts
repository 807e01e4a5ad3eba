import { type generations, invalidInput, type ReplyOf, type RequestOf } from '@doitong/contracts';
import type { Generation } from './generation.type.js';
import type { GenerationConnection, GenerationFilter } from './generation-connection.type.js';
import { withoutNulls } from './without-nulls.js';

export const PAGE = 20;
const LARGEST_PAGE = 100;

export interface AskedPage {
  filter?: GenerationFilter | null;
  first?: number | null;
  after?: string | null;
}

type Page = Omit<RequestOf<typeof generations.list>, 'accountId'>;

/** The arguments of `generations` in the form of the contracts, or INVALID_INPUT. */
export function parsePage({ filter, first, after }: AskedPage): Page {
  const { status, ...rest } = withoutNulls(filter ?? {});
  return {
    filter: { ...rest, ...(status ? { status: [...new Set(status)] } : {}) },
    first: sizeOf(first ?? PAGE),
    ...(after == null ? {} : { after: idOf(after) }),
  };
}

export function toConnection(
  nodes: Generation[],
  { more }: Pick<ReplyOf<typeof generations.list>, 'more'>,
  { after }: Page,
): GenerationConnection {
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

function idOf(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (/^gen_[0-9a-f]{32}$/.test(id) && cursorOf(id) === cursor) return id;
  throw invalidInput('after', '`after` must be the cursor of an edge, or an `endCursor`, of this list.');
}
