import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HeldToken } from '../src/held-token.js';
import {
  EXPIRY_MARGIN_MS,
  type RefreshPolicy,
  rawToken,
  refreshAfterMs,
  Token,
  type TokenInit,
  TokenManager,
} from '../src/index.js';
import { sameTokenRetryMs } from '../src/refresh-time.js';
import { FakeClock, ScriptedIdentityProvider, unsignedJwt } from '../src/testing/index.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const RECEIVED_MS = Date.UTC(2026, 0, 1);
/** The largest value that a source of random numbers from 0 up to 1 gives. */
const ALMOST_1 = 1 - Number.EPSILON / 2;

function tokenOf(ttlMs: number, init: Partial<TokenInit> = {}): Token {
  const expiresAtMs = RECEIVED_MS + ttlMs;
  return new Token({ username: 'u', password: 'p', receivedAtMs: RECEIVED_MS, expiresAtMs, ttlMs, ...init });
}

const policy = (ratio: number, boundMs: number, jitterRatio = 0): RefreshPolicy => ({
  expirationRefreshRatio: ratio,
  lowerRefreshBoundMs: boundMs,
  refreshJitterRatio: jitterRatio,
});

/** The conformance list's question: a token of `ttlMs`, `ageMs` old; how long until it is renewed? */
async function durationToRenewal(ratio: number, boundMs: number, ttlMs: number, ageMs = 0): Promise<number> {
  const clock = new FakeClock(RECEIVED_MS);
  const held = new HeldToken(tokenOf(ttlMs), clock, policy(ratio, boundMs), 0);
  await clock.advance(ageMs);
  return held.dueInMs;
}

describe('the time until renewal', () => {
  it('[Q1] is 0 without a token: a manager with a subscriber asks in the same turn', async () => {
    const clock = new FakeClock(RECEIVED_MS);
    const token = rawToken(unsignedJwt({ oid: 'u', exp: (RECEIVED_MS + HOUR) / SECOND }));
    const source = new ScriptedIdentityProvider(() => token);
    const manager = new TokenManager(source, { clock, expirationRefreshRatio: 0.75 });
    manager.subscribe({ onNext: () => undefined });
    expect(source.requests).toHaveLength(0);
    await clock.advance(0);
    expect(source.requests).toHaveLength(1);
    manager.close();
  });

  it.each([
    ['Q2', 0.75, SECOND, HOUR, 2 * HOUR, 0],
    ['Q3', 0.75, SECOND, HOUR, HOUR - 500, 0],
    ['Q4', 0.75, SECOND, HOUR, HOUR - SECOND, 0],
    ['Q5', 0.75, SECOND, 2 * HOUR, HOUR, 30 * MINUTE],
    ['Q6', 0.75, 45 * MINUTE, 2 * HOUR, HOUR, 15 * MINUTE],
    ['Q7', 0.75, 10 * MINUTE, 90 * MINUTE, 30 * MINUTE, 37.5 * MINUTE],
    ['Q8', 0.75, 60 * SECOND, HOUR, 0, 45 * MINUTE],
    ['Q9', 1, HOUR, 2 * HOUR, 0, HOUR],
    ['Q10', 1, 10 * MINUTE, HOUR, 0, 50 * MINUTE],
    ['Q11', 0, SECOND, HOUR, 0, 0],
    ['Q11', -0.5, SECOND, HOUR, 0, 0],
    ['Q12', 0.75, HOUR, 365 * DAY, 0, 273.75 * DAY],
    ['Q13', 0.75, HOUR, HOUR, 0, 0],
    ['Q14', 0.75, 2 * HOUR, HOUR, 0, 0],
    ['Q15', 0.0001, 1, 1000, 0, 0],
    ['Q16', 0.001, 1, 1000, 0, 1],
    ['Q17', 0.001, 1, 100, 0, 0],
    ['Q17', 0.001, 1, 123, 0, 0],
    ['Q18', 0.0001, 1, HOUR, 0, 360],
    ['Q18', 0.0001, 1, DAY, 0, 8640],
    ['Q19', 0.01, 0, 100, 0, 1],
    ['Q19', 0.009, 0, 100, 0, 0],
    ['Q19', 0.011, 0, 100, 0, 1],
    ['Q19', 0.0001, 0, 10, 0, 0],
  ])('[%s] ratio %d, bound %d ms, life %d ms, age %d ms: %d ms', async (_, ratio, bound, ttl, age, due) => {
    expect(await durationToRenewal(ratio, bound, ttl, age)).toBe(due);
  });

  it('[Q5] is 1 ms just before the renewal, and 0 at it', async () => {
    expect(await durationToRenewal(0.75, 0, 2 * HOUR, 90 * MINUTE - 1)).toBe(1);
    expect(await durationToRenewal(0.75, 0, 2 * HOUR, 90 * MINUTE)).toBe(0);
  });

  it('[Q20] is the same for ten askers', async () => {
    const clock = new FakeClock();
    const held = new HeldToken(tokenOf(HOUR), clock, policy(0.7, 0, 0.05), 0.5);
    await clock.advance(MINUTE);
    expect(new Set(Array.from({ length: 10 }, () => held.dueInMs)).size).toBe(1);
  });
});

describe('refreshAfterMs', () => {
  it('is 70 % of the life by default policy: 2,520,000 ms of 1 h, 60,480,000 ms of 24 h', () => {
    expect(refreshAfterMs(tokenOf(HOUR), policy(0.7, 0), 0)).toBe(2_520_000);
    expect(refreshAfterMs(tokenOf(DAY), policy(0.7, 0), 0)).toBe(60_480_000);
  });

  it('does not lose a ms to floating point: 57 % of 100 ms is 57 ms', () => {
    expect(100 * 0.57).toBeLessThan(57);
    expect(refreshAfterMs(tokenOf(100), policy(0.57, 0), 0)).toBe(57);
    expect(refreshAfterMs(tokenOf(1000), policy(0.29, 0), 0)).toBe(290);
  });

  it('rounds down: 75 % of 123 ms is 92 ms', () => {
    expect(refreshAfterMs(tokenOf(123), policy(0.75, 0), 0)).toBe(92);
  });

  it('keeps 5 min before expiry for a life of 600,000 ms, and not for one of 599,999 ms', () => {
    expect(EXPIRY_MARGIN_MS).toBe(300_000);
    expect(refreshAfterMs(tokenOf(600_000), policy(0.9, 0), 0)).toBe(300_000);
    expect(refreshAfterMs(tokenOf(599_999), policy(0.9, 0), 0)).toBe(539_999);
  });

  it('keeps 5 min before expiry where the ratio is 1: 3,300,000 ms of 1 h', () => {
    expect(refreshAfterMs(tokenOf(HOUR), policy(1, 0), 0)).toBe(3_300_000);
  });

  it('lets the ratio decide where it comes first, by 1 ms, and the margin otherwise', () => {
    // 70 % of 1,000,000 ms leave exactly 5 min.
    expect(refreshAfterMs(tokenOf(1_000_000), policy(0.7, 0), 0)).toBe(700_000);
    expect(refreshAfterMs(tokenOf(999_990), policy(0.7, 0), 0)).toBe(699_990);
    expect(refreshAfterMs(tokenOf(1_000_010), policy(0.7, 0), 0)).toBe(700_007);
  });

  it('lets the lower bound decide where it comes first, by 1 ms', () => {
    expect(refreshAfterMs(tokenOf(HOUR), policy(0.75, 15 * MINUTE), 0)).toBe(45 * MINUTE);
    expect(refreshAfterMs(tokenOf(HOUR), policy(0.75, 15 * MINUTE + 1), 0)).toBe(45 * MINUTE - 1);
    expect(refreshAfterMs(tokenOf(HOUR), policy(0.75, 15 * MINUTE - 1), 0)).toBe(45 * MINUTE);
  });

  it("comes with the source's hint when that is earlier, and does not wait for a later one", () => {
    const hinted = (inMs: number): number =>
      refreshAfterMs(tokenOf(HOUR, { refreshAtMs: RECEIVED_MS + inMs }), policy(0.7, 0), 0);
    expect(hinted(30 * MINUTE)).toBe(30 * MINUTE);
    expect(hinted(42 * MINUTE - 1)).toBe(42 * MINUTE - 1);
    expect(hinted(42 * MINUTE + 1)).toBe(42 * MINUTE);
    expect(hinted(10 * HOUR)).toBe(42 * MINUTE);
  });

  it('is 0, never negative, for a hint that is past, a bound above the life and a life that is over', () => {
    expect(refreshAfterMs(tokenOf(HOUR, { refreshAtMs: RECEIVED_MS - 1 }), policy(0.7, 0), 0)).toBe(0);
    expect(refreshAfterMs(tokenOf(HOUR), policy(0.7, HOUR + 1), 0)).toBe(0);
    expect(refreshAfterMs(tokenOf(-1), policy(0.7, 0), 0)).toBe(0);
  });

  it('counts from the receipt, whatever the expiry on the wall clock says', () => {
    const skewed = tokenOf(HOUR, { expiresAtMs: RECEIVED_MS + 9 * HOUR });
    expect(refreshAfterMs(skewed, policy(0.7, 0), 0)).toBe(42 * MINUTE);
  });

  it('is earlier by the jitter: 0 at random 0, 90,000 ms at 0.5, 179,999 ms just below 1, of 5 % of 1 h', () => {
    const jittered = (random: number): number => refreshAfterMs(tokenOf(HOUR), policy(0.7, 0, 0.05), random);
    expect(jittered(0)).toBe(2_520_000);
    expect(jittered(0.5)).toBe(2_430_000);
    expect(jittered(ALMOST_1)).toBe(2_520_000 - 179_999);
  });

  it('jitters the hint, the bound and the margin as well', () => {
    const hinted = tokenOf(HOUR, { refreshAtMs: RECEIVED_MS + 10 * MINUTE });
    expect(refreshAfterMs(hinted, policy(0.7, 0, 0.05), 0.5)).toBe(10 * MINUTE - 90_000);
    expect(refreshAfterMs(tokenOf(HOUR), policy(1, 0, 0.05), 0.5)).toBe(55 * MINUTE - 90_000);
    expect(refreshAfterMs(tokenOf(HOUR), policy(1, 20 * MINUTE, 0.05), 0.5)).toBe(40 * MINUTE - 90_000);
  });

  it('is 0 when the jitter is larger than the time', () => {
    expect(refreshAfterMs(tokenOf(HOUR), policy(0.1, 0, 0.5), ALMOST_1)).toBe(0);
  });

  it('is between 0 and the earliest bound, earlier by no more than the jitter (1,000 cases)', () => {
    const cases = fc.record({
      ttlMs: fc.integer({ min: 1, max: 400 * DAY }),
      ratio: fc.double({ min: 0.0001, max: 1, noNaN: true }),
      boundMs: fc.oneof(fc.constant(0), fc.integer({ min: 50, max: 30 * DAY })),
      jitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
      random: fc.double({ min: 0, max: ALMOST_1, noNaN: true }),
      hintMs: fc.option(fc.integer({ min: -HOUR, max: 400 * DAY }), { nil: undefined }),
    });
    fc.assert(
      fc.property(cases, ({ ttlMs, ratio, boundMs, jitter, random, hintMs }) => {
        const token = tokenOf(ttlMs, hintMs === undefined ? {} : { refreshAtMs: RECEIVED_MS + hintMs });
        const steady = refreshAfterMs(token, policy(ratio, boundMs), 0);
        const jittered = refreshAfterMs(token, policy(ratio, boundMs, jitter), random);
        expect(Number.isInteger(steady)).toBe(true);
        expect(steady).toBeGreaterThanOrEqual(0);
        expect(steady).toBeLessThanOrEqual(ttlMs * ratio + 1e-6);
        expect(steady).toBeLessThanOrEqual(Math.max(0, ttlMs - boundMs));
        if (ttlMs >= 600_000) expect(steady).toBeLessThanOrEqual(ttlMs - 300_000);
        if (hintMs !== undefined) expect(steady).toBeLessThanOrEqual(Math.max(0, hintMs));
        expect(jittered).toBeLessThanOrEqual(steady);
        expect(jittered).toBeGreaterThanOrEqual(Math.max(0, steady - ttlMs * jitter));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('sameTokenRetryMs', () => {
  it('waits until 1 s after the cache lets go, 5 min before expiry: 3,301,000 ms of 1 h', () => {
    expect(sameTokenRetryMs(HOUR, undefined, 1000)).toBe(3_301_000);
  });

  it('waits for half of what is left once that time is past: 299,000 ms left', () => {
    expect(sameTokenRetryMs(299_002, undefined, 1)).toBe(2);
    expect(sameTokenRetryMs(299_001, undefined, 1)).toBe(1);
    expect(sameTokenRetryMs(299_000, undefined, 1)).toBe(149_500);
    expect(sameTokenRetryMs(10_001, undefined, 1)).toBe(5000);
  });

  it('waits for a hint that is still to come', () => {
    expect(sameTokenRetryMs(HOUR, 10 * MINUTE, 1000)).toBe(10 * MINUTE);
    expect(sameTokenRetryMs(HOUR, 1, 1)).toBe(1);
  });

  it('takes no notice of a hint that is due or past', () => {
    expect(sameTokenRetryMs(HOUR, 0, 1000)).toBe(3_301_000);
    expect(sameTokenRetryMs(HOUR, -1, 1000)).toBe(3_301_000);
    expect(sameTokenRetryMs(MINUTE, 0, 1000)).toBe(30 * SECOND);
  });

  it('does not wait for a late hint: the cache lets go earlier, or half of what is left is over', () => {
    expect(sameTokenRetryMs(HOUR, HOUR, 1000)).toBe(3_301_000);
    expect(sameTokenRetryMs(MINUTE, HOUR, 1000)).toBe(30 * SECOND);
    // 5 min 1 s left: half of it is later than 2 s, when the cache lets go.
    expect(sameTokenRetryMs(301_000, HOUR, 1000)).toBe(150_500);
  });

  it('never comes sooner than the floor of 1000 ms', () => {
    expect(sameTokenRetryMs(1999, undefined, 1000)).toBe(1000);
    expect(sameTokenRetryMs(2002, undefined, 1000)).toBe(1001);
    expect(sameTokenRetryMs(0, undefined, 1000)).toBe(1000);
    expect(sameTokenRetryMs(-HOUR, undefined, 1000)).toBe(1000);
    expect(sameTokenRetryMs(HOUR, 1, 1000)).toBe(1000);
  });

  it('is a whole number of ms from the floor to the rest of the life (1,000 cases)', () => {
    const remaining = fc.integer({ min: 0, max: 400 * DAY });
    const hint = fc.option(fc.integer({ min: -DAY, max: 400 * DAY }), { nil: undefined });
    const floor = fc.integer({ min: 50, max: HOUR });
    fc.assert(
      fc.property(remaining, hint, floor, (remainingMs, hintMs, floorMs) => {
        const delayMs = sameTokenRetryMs(remainingMs, hintMs, floorMs);
        expect(Number.isInteger(delayMs)).toBe(true);
        expect(delayMs).toBeGreaterThanOrEqual(floorMs);
        expect(delayMs).toBeLessThanOrEqual(Math.max(floorMs, remainingMs));
        if (hintMs !== undefined && hintMs > 0) {
          expect(delayMs).toBeLessThanOrEqual(Math.max(floorMs, hintMs));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
