import { DoitongError } from '@doitong/contracts';

const LONGEST_ID = 100;

/** An id that one of these may have; NOT_FOUND for what is longer. */
export function knownId(id: string, what: 'endpoint' | 'delivery'): string {
  if (id.length <= LONGEST_ID) return id;
  throw new DoitongError('NOT_FOUND', `There is no webhook ${what} of this id.`, { field: 'id' });
}
