import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  atRiskMs,
  deferralDelayMs,
  refusalDelayMs,
  rotationWindowMs,
  spreadMs,
} from '../src/reauthentication-time.js';

describe('rotationWindowMs', () => {
  it('is the window, but no more than a tenth of what is left, and never negative', () => {
    expect(rotationWindowMs(30_000, 300_000)).toBe(30_000);
    expect(rotationWindowMs(30_000, 299_990)).toBe(29_999);
    expect(rotationWindowMs(30_000, -1)).toBe(0);
    expect(rotationWindowMs(0, 300_000)).toBe(0);
  });
});

describe('spreadMs', () => {
  it('puts the index-th of count connections into the index-th slice of the window', () => {
    const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), share, share, (count, position, random) => {
        const index = Math.floor(position * count);
        const moment = spreadMs(index, count, 30_000, random);
        expect(moment).toBeGreaterThanOrEqual((index / count) * 30_000);
        expect(moment).toBeLessThanOrEqual(((index + 1) / count) * 30_000);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('refusalDelayMs', () => {
  it.each([
    [1, 500, 1000],
    [2, 1000, 2000],
    [5, 8000, 16_000],
    [6, 15_000, 30_000],
    [100, 15_000, 30_000],
  ])('after refusal %i lies between %i and %i ms', (refusals, lowest, highest) => {
    expect(refusalDelayMs(refusals, 3_600_000, 0)).toBe(lowest);
    expect(refusalDelayMs(refusals, 3_600_000, 1)).toBe(highest);
  });

  it('is at most half of what is left, down to 100 ms', () => {
    expect(refusalDelayMs(6, 10_000, 1)).toBe(5000);
    expect(refusalDelayMs(6, 202, 1)).toBe(101);
    expect(refusalDelayMs(6, 200, 1)).toBe(100);
    expect(refusalDelayMs(6, 2, 1)).toBe(100);
  });

  it('is the ordinary wait when the token has run out and the connection still lives', () => {
    expect(refusalDelayMs(1, 0, 1)).toBe(1000);
    expect(refusalDelayMs(1, -5000, 1)).toBe(1000);
  });
});

describe('deferralDelayMs', () => {
  it('doubles from 100 ms to 5 s', () => {
    expect([1, 2, 3, 6, 7, 100].map(deferralDelayMs)).toEqual([100, 200, 400, 3200, 5000, 5000]);
  });
});

describe('atRiskMs', () => {
  it('is a tenth of the life, and at most 30 s', () => {
    expect(atRiskMs(10_000)).toBe(1000);
    expect(atRiskMs(300_000)).toBe(30_000);
    expect(atRiskMs(3_600_000)).toBe(30_000);
  });
});
