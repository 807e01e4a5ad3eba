import { billing, DoitongError, type ErrorCode, errorCodes, generations, rateLimit } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { allowed } from '../__fixtures__/messages.js';

const GENERATE = 'mutation { generate(input: { type: IMAGE, input: { text: "a" } }) { id } }';
const READ = '{ generation(id: "x") { id } }';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.reset());

const refusing = (code: ErrorCode, details: ConstructorParameters<typeof DoitongError>[2] = {}) => {
  gateway.answer(generations.create, () => {
    throw new DoitongError(code, 'Why.', details);
  });
  return gateway.post(GENERATE);
};
const final = { retryable: false, billed: false, stage: 'ADMISSION' };
const temporary = { ...final, retryable: true };

interface Case {
  meet(): Promise<{ status: number; headers: Headers; body: { errors: { extensions: object }[] } }>;
  status: number;
  extensions: object;
  headers?: Record<string, string>;
}

const cases: Record<ErrorCode, Case> = {
  INSUFFICIENT_CREDITS: { meet: () => refusing('INSUFFICIENT_CREDITS'), status: 200, extensions: final },
  RATE_LIMIT: {
    meet: () => {
      gateway.answer(rateLimit.check, () => allowed({ allowed: false, remaining: 0, retryAfterSeconds: 7 }));
      return gateway.post(GENERATE);
    },
    status: 429,
    headers: { 'retry-after': '7', 'x-ratelimit-remaining': '0' },
    extensions: { ...temporary, limit: 'per_minute', retryAfter: 7 },
  },
  INVALID_INPUT: {
    meet: () => refusing('INVALID_INPUT', { field: 'options.duration', allowed: [6, 10] }),
    status: 200,
    extensions: { ...final, field: 'options.duration', allowed: [6, 10] },
  },
  PROVIDER_UNAVAILABLE: {
    meet: () => refusing('PROVIDER_UNAVAILABLE', { retryAfter: 30 }),
    status: 200,
    extensions: { ...temporary, retryAfter: 30 },
  },
  GENERATION_FAILED: {
    meet: () => refusing('GENERATION_FAILED', { stage: 'PROCESSING' }),
    status: 200,
    extensions: { ...temporary, stage: 'PROCESSING' },
  },
  UNAUTHENTICATED: {
    meet: () => gateway.post(READ, { headers: { authorization: '' } }),
    status: 401,
    headers: { 'www-authenticate': 'Bearer' },
    extensions: final,
  },
  FORBIDDEN: {
    meet: () => {
      gateway.answer(billing.authenticate, () => {
        throw new DoitongError('FORBIDDEN', 'This account is suspended.');
      });
      return gateway.post(READ, { headers: { authorization: `Bearer ${gateway.newKey()}` } });
    },
    status: 403,
    extensions: final,
  },
  NOT_FOUND: { meet: () => refusing('NOT_FOUND', { field: 'id' }), status: 200, extensions: { ...final, field: 'id' } },
  IDEMPOTENCY_CONFLICT: { meet: () => refusing('IDEMPOTENCY_CONFLICT'), status: 200, extensions: final },
  CONTENT_REJECTED: { meet: () => refusing('CONTENT_REJECTED'), status: 200, extensions: final },
  INTERNAL: { meet: () => refusing('INTERNAL'), status: 200, extensions: temporary },
};

it.each(errorCodes)('%s reaches the client with all that a machine needs', async (code) => {
  const { meet, status, extensions, headers = {} } = cases[code];
  const answer = await meet();
  expect(answer.status).toBe(status);
  expect(Object.fromEntries(answer.headers)).toMatchObject(headers);
  expect(answer.body.errors).toEqual([
    expect.objectContaining({ message: expect.any(String), extensions: { code, ...extensions } }),
  ]);
});

describe('a service that fails tells the client nothing of itself', () => {
  const inside =
    /select|sql|postgres|nats|127\.0\.0\.1|localhost|generations\.|billing\.|rate-limit\.|secret|\.[jt]s\b|node_modules/i;

  it.each([
    ['with an exception', () => Promise.reject(new Error('SELECT secret FROM postgres at 127.0.0.1:5432'))],
    ['with an answer that breaks its contract', () => ({ secret: 'generations.generations' })],
    ['with no answer at all', () => new Promise(() => {})],
  ])('%s', async (_how, answer) => {
    gateway.answer(generations.get, answer as never);
    gateway.answer(billing.account, answer as never);
    // At once: where nobody answers, each takes as long as the gateway waits.
    const answers = await Promise.all([READ, '{ account { credits } }'].map((query) => gateway.post(query)));
    for (const { body } of answers) {
      expect(body.errors).toHaveLength(1);
      expect(body.errors[0].extensions).toEqual({ code: 'INTERNAL', ...temporary });
      expect(JSON.stringify(body)).not.toMatch(inside);
    }
  });

  it('while keys cannot be looked up: 503, not 401', async () => {
    gateway.answer(billing.authenticate, () => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:5432')));
    const answer = await gateway.post(READ, { headers: { authorization: `Bearer ${gateway.newKey()}` } });
    expect(answer.status).toBe(503);
    expect(answer.body.errors[0].extensions).toEqual({ code: 'INTERNAL', ...temporary });
    expect(JSON.stringify(answer.body)).not.toMatch(inside);
  });
});
