import { type GenerationStatus, generationStatuses } from '@doitong/contracts';
import { expect, it } from '@jest/globals';
import { sourcesOf, transitions } from './transitions.js';

const terminal: GenerationStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED'];

it('every status has its transitions, and only the terminal ones have none', () => {
  expect(Object.keys(transitions)).toEqual([...generationStatuses]);
  for (const status of generationStatuses) expect(transitions[status].length === 0).toBe(terminal.includes(status));
});

it('nothing goes back: a terminal status is reached from each that is not, and QUEUED from none', () => {
  expect(sourcesOf('QUEUED')).toEqual([]);
  expect(sourcesOf('PROCESSING')).toEqual(['QUEUED']);
  for (const status of terminal) expect(sourcesOf(status)).toEqual(['QUEUED', 'PROCESSING']);
});
