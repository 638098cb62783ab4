import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  FATAL_ROUND_DELAY_MS,
  MAX_RETRY_AFTER_MS,
  MAX_ROUND_DELAY_MS,
  type RetryPolicy,
  retryDelayMs,
  roundDelayMs,
} from '../src/retry-policy.js';
import { resolveTokenManagerOptions } from '../src/token-manager-options.js';

/** The largest value that a source of random numbers from 0 up to 1 gives. */
const ALMOST_1 = 1 - Number.EPSILON / 2;

const defaults = resolveTokenManagerOptions({}).retry;
const policy = (overrides: Partial<RetryPolicy>): RetryPolicy => ({ ...defaults, ...overrides });
const bounds = (attempts: number, retry: RetryPolicy): number[] =>
  Array.from({ length: attempts }, (_, i) => retryDelayMs(i + 1, retry, 1));

const policies = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 100 }),
  initialDelayMs: fc.integer({ min: 50, max: 3_600_000 }),
  maxDelayMs: fc.integer({ min: 50, max: 3_600_000 }),
  backoffMultiplier: fc.double({ min: 1, max: 100, noNaN: true }),
});
const random = fc.double({ min: 0, max: ALMOST_1, noNaN: true });

describe('the default retry policy', () => {
  it('[O4] makes 3 attempts, from 1000 ms up to 10,000 ms, doubling', () => {
    expect(defaults).toEqual({
      maxAttempts: 3,
      initialDelayMs: 1000,
      maxDelayMs: 10_000,
      backoffMultiplier: 2,
      isRetryable: undefined,
    });
  });
});

describe('retryDelayMs', () => {
  it('[L13] has the bounds 1000, 2000, 4000, 8000, 10,000 and 10,000 ms by default', () => {
    expect(bounds(6, defaults)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('[L13] has the bounds 100, 500 and 500 ms for 100 ms, times 10, at most 500 ms', () => {
    expect(bounds(3, policy({ initialDelayMs: 100, maxDelayMs: 500, backoffMultiplier: 10 }))).toEqual([
      100, 500, 500,
    ]);
  });

  it('stays at the initial delay for a multiplier of 1', () => {
    expect(bounds(3, policy({ backoffMultiplier: 1 }))).toEqual([1000, 1000, 1000]);
  });

  it('is bounded by maxDelayMs from the first wait on when the initial delay is longer', () => {
    expect(bounds(2, policy({ initialDelayMs: 20_000 }))).toEqual([10_000, 10_000]);
  });

  it('stays at maxDelayMs where the power overflows: attempt 1000, times 100', () => {
    expect(retryDelayMs(1000, policy({ backoffMultiplier: 100 }), 1)).toBe(10_000);
  });

  it('takes an attempt below 1 for the first', () => {
    expect(retryDelayMs(0, defaults, 1)).toBe(1000);
    expect(retryDelayMs(-5, defaults, 1)).toBe(1000);
  });

  it('is jittered over the whole bound: 0 at random 0, 500 at 0.5, 999 just below 1', () => {
    expect(retryDelayMs(1, defaults, 0)).toBe(0);
    expect(retryDelayMs(1, defaults, 0.5)).toBe(500);
    expect(retryDelayMs(1, defaults, ALMOST_1)).toBe(999);
    expect(retryDelayMs(3, defaults, 0.25)).toBe(1000);
  });

  it('is a whole number of ms from 0 to the bound, which never exceeds maxDelayMs (1,000 cases)', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 100 }), random, (retry, attempt, chance) => {
        const delayMs = retryDelayMs(attempt, retry, chance);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThanOrEqual(retry.maxDelayMs);
        expect(delayMs).toBeLessThanOrEqual(retry.initialDelayMs * retry.backoffMultiplier ** (attempt - 1));
      }),
      { numRuns: 1000 },
    );
  });

  it('never has a smaller bound on a later attempt (1,000 cases)', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 100 }), (retry, attempt) => {
        expect(retryDelayMs(attempt + 1, retry, 1)).toBeGreaterThanOrEqual(retryDelayMs(attempt, retry, 1));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('roundDelayMs', () => {
  const delays = (rounds: number, retry: RetryPolicy, chance: number): number[] =>
    Array.from({ length: rounds }, (_, i) => roundDelayMs(i + 1, retry, 0, chance));

  it('doubles from maxDelayMs to 60,000 ms: 10, 20, 40, 60, 60 s', () => {
    expect(MAX_ROUND_DELAY_MS).toBe(60_000);
    expect(delays(5, defaults, 1)).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('jitters the upper half: 5, 10, 20, 30, 30 s at random 0', () => {
    expect(delays(5, defaults, 0)).toEqual([5000, 10_000, 20_000, 30_000, 30_000]);
    expect(delays(2, defaults, 0.5)).toEqual([7500, 15_000]);
    expect(delays(1, policy({ maxDelayMs: 51 }), 0)).toEqual([25]);
  });

  it('is capped by maxDelayMs itself where that is longer than 60,000 ms', () => {
    expect(delays(3, policy({ maxDelayMs: 60_001 }), 1)).toEqual([60_001, 60_001, 60_001]);
    expect(delays(3, policy({ maxDelayMs: 59_999 }), 1)).toEqual([59_999, 60_000, 60_000]);
  });

  it('takes no failed round for one', () => {
    expect(roundDelayMs(0, defaults, 0, 1)).toBe(10_000);
    expect(roundDelayMs(-3, defaults, 0, 1)).toBe(10_000);
  });

  it('stays at 60,000 ms after 1,000,000 failed rounds', () => {
    expect(roundDelayMs(1_000_000, defaults, 0, 1)).toBe(60_000);
    expect(roundDelayMs(1_000_000, policy({ maxDelayMs: 50 }), 0, 1)).toBe(60_000);
  });

  it('is at most half of the life that a valid token has left', () => {
    expect(roundDelayMs(1, defaults, 20_000, 1)).toBe(10_000);
    expect(roundDelayMs(1, defaults, 19_999, 1)).toBe(9999);
    expect(roundDelayMs(9, defaults, 2, 1)).toBe(1);
    expect(roundDelayMs(9, defaults, 1, 1)).toBe(0);
  });

  it('is not shortened by a token whose life is over', () => {
    expect(roundDelayMs(1, defaults, 0, 1)).toBe(10_000);
    expect(roundDelayMs(1, defaults, -5, 1)).toBe(10_000);
  });

  it('lies within the upper half of its bound, or at half of the remaining life (1,000 cases)', () => {
    const rounds = fc.integer({ min: 1, max: 1000 });
    const remaining = fc.integer({ min: -1000, max: 100_000_000 });
    fc.assert(
      fc.property(policies, rounds, remaining, random, (retry, failedRounds, remainingMs, chance) => {
        const delayMs = roundDelayMs(failedRounds, retry, remainingMs, chance);
        const boundMs = roundDelayMs(failedRounds, retry, 0, 1);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(boundMs).toBeLessThanOrEqual(Math.max(retry.maxDelayMs, 60_000));
        expect(boundMs).toBeGreaterThanOrEqual(Math.min(retry.maxDelayMs, 60_000));
        const halfLifeMs = remainingMs > 0 ? Math.floor(remainingMs / 2) : Infinity;
        expect(delayMs).toBeLessThanOrEqual(Math.min(boundMs, halfLifeMs));
        expect(delayMs).toBeGreaterThanOrEqual(Math.min(Math.floor(boundMs / 2), halfLifeMs));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the pause after a failed round', () => {
  it('is 60,000 ms after a refusal', () => {
    expect(FATAL_ROUND_DELAY_MS).toBe(60_000);
  });

  it('is 3,600,000 ms at most where the source asks for more', () => {
    expect(MAX_RETRY_AFTER_MS).toBe(3_600_000);
  });
});
