import { type Generation, type Principal, type ReplyOf, type rateLimit, scopes } from '@doitong/contracts';

const id = (prefix: string, digit: string) => `${prefix}_${digit.repeat(32)}`;

export const aPrincipal = (changes: Partial<Principal> = {}): Principal => ({
  accountId: id('acc', 'a'),
  keyId: id('key', 'b'),
  plan: 'PRO',
  mode: 'test',
  scopes: [...scopes],
  keyExpiresAt: null,
  limits: { requestsPerMinute: 60, concurrent: 10, perDay: 10_000 },
  ...changes,
});

export const allowed = (changes: Partial<ReplyOf<typeof rateLimit.check>> = {}): ReplyOf<typeof rateLimit.check> => ({
  allowed: true,
  remaining: 59,
  resetSeconds: 60,
  retryAfterSeconds: 0,
  concurrent: 0,
  generationsToday: 0,
  todayResetSeconds: 3_600,
  ...changes,
});

export const aGeneration = (changes: Partial<Generation> = {}): Generation => ({
  id: id('gen', 'c'),
  accountId: id('acc', 'a'),
  mode: 'test',
  type: 'VIDEO',
  status: 'QUEUED',
  progress: 0,
  provider: 'minimax',
  model: 'hailuo-02',
  creditCost: 40,
  estimatedTime: 90,
  metadata: { model: 'hailuo-02', resolution: '768p', adjustments: [] },
  assetKey: null,
  error: null,
  routing: {
    reason: 'asked for',
    candidates: [{ provider: 'minimax', model: 'hailuo-02', score: 80, excludedBecause: null }],
  },
  createdAt: '2025-01-31T12:00:00.000Z',
  startedAt: null,
  completedAt: null,
  version: 1,
  ...changes,
});
