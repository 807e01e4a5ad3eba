import { expect, it } from '@jest/globals';
import { refusedInput, toFailure, VendorError } from './errors.js';

it('a failure says nothing of what the vendor said', () => {
  const failure = toFailure(new VendorError('failed', 'secret words of the vendor'), 'PROCESSING');
  expect(failure).toMatchObject({ code: 'GENERATION_FAILED', stage: 'PROCESSING', kind: 'failed' });
  expect(JSON.stringify(failure)).not.toContain('secret words');
});

it('a lost answer forbids everyone to ask again', () => {
  expect(toFailure(new VendorError('submission-unknown', ''), 'SUBMISSION').kind).toBe('submission-unknown');
});

it('what the adapter itself refuses is told to the customer', () => {
  const failure = toFailure(refusedInput('input.image: an avatar needs a portrait.'), 'SUBMISSION');
  expect(failure).toMatchObject({ code: 'INVALID_INPUT', message: 'input.image: an avatar needs a portrait.' });
});
