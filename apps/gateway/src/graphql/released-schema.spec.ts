import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { buildSchema, DangerousChangeType, findBreakingChanges, findDangerousChanges } from 'graphql';

const committed = async (name: string) =>
  buildSchema(await readFile(new URL(`../../${name}`, import.meta.url), 'utf8'));

// Words, optional arguments and optional input fields may be added; another default is another behaviour.
it('a document that was right for the released schema is right for this one, and means the same', async () => {
  const [released, current] = await Promise.all([committed('schema.released.graphql'), committed('schema.graphql')]);
  const changes = [
    ...findBreakingChanges(released, current),
    ...findDangerousChanges(released, current).filter(
      ({ type }) => type === DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE,
    ),
  ];
  expect(changes.map(({ description }) => description)).toEqual([]);
});
