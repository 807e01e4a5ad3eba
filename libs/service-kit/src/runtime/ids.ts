import { v7 } from 'uuid';

/** Ids, injected: a prefix and a UUIDv7 without dashes, so that they sort by time of creation. */
export class Ids {
  next(prefix: 'gen' | 'att' | 'acc' | 'key' | 'evt' | 'dlv' | 'whk' | 'quo'): string {
    return `${prefix}_${v7().replaceAll('-', '')}`;
  }
}
