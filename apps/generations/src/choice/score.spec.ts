import { describe, expect, it } from '@jest/globals';
import { aModel, aProvider } from '../__fixtures__/manifests.js';
import type { Health } from '../model-health/observed.js';
import type { Fitting } from './consider.js';
import { scoresOf } from './score.js';

const one = (qualityRank: number, credits: number, health: Partial<Health> = {}): Fitting => ({
  candidate: {
    family: 'painters',
    provider: aProvider('brush'),
    model: aModel('brush-1', { qualityRank }),
    absence: null,
    health: { successRate: 1, seconds: 10, ...health },
  },
  options: {},
  adjustments: [],
  credits,
  metered: null,
});

describe('a score', () => {
  it('is quality, or the share of the fastest and the cheapest, or their mean, from 0 to 100', () => {
    const both = [one(90, 50, { seconds: 20 }), one(60, 10)];
    expect(scoresOf(both, 'QUALITY')).toEqual([90, 60]);
    expect(scoresOf(both, 'SPEED')).toEqual([50, 100]);
    expect(scoresOf(both, 'COST')).toEqual([20, 100]);
    expect(scoresOf(both, 'BALANCED')).toEqual([53.33, 86.67]);
  });

  it('is the same for all that are healthy, and next to nothing for who fails', () => {
    expect(scoresOf([one(80, 1, { successRate: 0.85 }), one(80, 1)], 'QUALITY')).toEqual([80, 80]);
    expect(scoresOf([one(80, 1, { successRate: 0.4 })], 'QUALITY')).toEqual([5]);
    expect(scoresOf([one(80, 1, { successRate: 0.2 }), one(1, 200)], 'COST')).toEqual([0.39, 0.5]);
  });

  it('is a number for what is free or takes no time', () => {
    expect(scoresOf([one(80, 0, { seconds: 0 }), one(80, 10)], 'BALANCED')).toEqual([93.33, 33.33]);
  });
});
