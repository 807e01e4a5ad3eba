import { describe, expect, it } from '@jest/globals';
import { generation, newAccountId } from '../__fixtures__/events.js';
import { payloadOf } from './payload.js';

const occurredAt = new Date('2026-01-02T03:04:14.000Z');
const bodyOf = (changes: object, signUrl = (key: string) => `https://assets.example/${key}`) => {
  const data = { ...generation(newAccountId()), ...changes };
  return JSON.parse(payloadOf({ id: 'evt_1', type: 'generation.completed', occurredAt, data }, signUrl));
};

describe('the body of a webhook', () => {
  it('is what happened, when, and the generation in the public form', () => {
    const { type, timestamp, data } = bodyOf({ id: 'gen_1' });
    expect({ type, timestamp }).toEqual({ type: 'generation.completed', timestamp: '2026-01-02T03:04:14.000Z' });
    expect(data).toEqual({
      id: 'gen_1',
      status: 'COMPLETED',
      type: 'IMAGE',
      provider: 'flux-pro',
      model: 'flux-pro-1.1',
      url: 'https://assets.example/gen_1/picture.png',
      creditCost: 40,
      metadata: { width: 1024, height: 768, format: 'png', size: 51_200, model: 'flux-pro-1.1', adjustments: [] },
      createdAt: '2026-01-02T03:04:05.000Z',
      startedAt: '2026-01-02T03:04:06.000Z',
      completedAt: '2026-01-02T03:04:14.000Z',
      version: 4,
    });
  });

  it('leaves out what has no value', () => {
    const error = { code: 'CONTENT_REJECTED', message: 'No.', retryable: false, billed: false, stage: 'PROCESSING' };
    const { data } = bodyOf({ status: 'FAILED', assetKey: null, startedAt: null, error });
    expect(data.error).toEqual(error);
    expect(Object.keys(data)).not.toEqual(expect.arrayContaining(['url']));
    expect(Object.keys(data)).not.toEqual(expect.arrayContaining(['startedAt']));
  });

  it('has a fresh asset URL each time', () => {
    let time = 0;
    const signUrl = () => `https://assets.example/?at=${++time}`;
    expect([bodyOf({}, signUrl).data.url, bodyOf({}, signUrl).data.url]).toEqual([
      'https://assets.example/?at=1',
      'https://assets.example/?at=2',
    ]);
  });
});
