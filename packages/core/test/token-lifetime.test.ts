import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CLOCK_TOLERANCE_MS, type TokenLifetime, tokenLifetime } from '../src/token-lifetime.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Entra's `iat` lies this long before the moment of issue. */
const BACKDATED_MS = 5 * MINUTE_MS;

interface Offsets {
  readonly sdk?: number;
  readonly exp?: number;
  readonly iat?: number;
}

/** Times are given in ms from now. */
function lifetime({ sdk, exp, iat }: Offsets): TokenLifetime {
  return tokenLifetime({
    nowMs: NOW_MS,
    sdkExpiresAtMs: sdk === undefined ? undefined : NOW_MS + sdk,
    expMs: exp === undefined ? undefined : NOW_MS + exp,
    iatMs: iat === undefined ? undefined : NOW_MS + iat,
  });
}

describe('tokenLifetime with one expiry', () => {
  it('counts to exp when the SDK tells none', () => {
    expect(lifetime({ exp: HOUR_MS })).toEqual({ ttlMs: HOUR_MS });
    expect(lifetime({ exp: HOUR_MS, iat: 0 })).toEqual({ ttlMs: HOUR_MS });
  });

  it("counts to the SDK's expiry when the token tells none", () => {
    expect(lifetime({ sdk: HOUR_MS })).toEqual({ ttlMs: HOUR_MS });
    expect(lifetime({ sdk: HOUR_MS, iat: -HOUR_MS })).toEqual({ ttlMs: HOUR_MS });
  });

  it('is 0 at expiry and negative after it', () => {
    expect(lifetime({ exp: 0 })).toEqual({ ttlMs: 0 });
    expect(lifetime({ exp: -1 })).toEqual({ ttlMs: -1 });
    expect(lifetime({ sdk: -1 })).toEqual({ ttlMs: -1 });
  });

  it('has no life when no time is known', () => {
    expect(lifetime({})).toEqual({ ttlMs: 0 });
  });

  it('is bounded by exp - iat on a clock that is 2 h behind, and reports the 2 h', () => {
    expect(lifetime({ exp: 3 * HOUR_MS, iat: 2 * HOUR_MS })).toEqual({
      ttlMs: HOUR_MS,
      clockSkewMs: -2 * HOUR_MS,
    });
  });

  it('reports skew from 1 ms that iat is in the future', () => {
    expect(lifetime({ exp: HOUR_MS, iat: 1 })).toEqual({ ttlMs: HOUR_MS - 1, clockSkewMs: -1 });
    expect(lifetime({ exp: HOUR_MS, iat: 0 })).toEqual({ ttlMs: HOUR_MS });
    expect(lifetime({ sdk: HOUR_MS, iat: 1 })).toEqual({ ttlMs: HOUR_MS, clockSkewMs: -1 });
  });

  it('ignores an iat that is not before exp', () => {
    expect(lifetime({ exp: HOUR_MS, iat: HOUR_MS }).ttlMs).toBe(HOUR_MS);
    expect(lifetime({ exp: HOUR_MS, iat: HOUR_MS + 1 }).ttlMs).toBe(HOUR_MS);
    expect(lifetime({ exp: HOUR_MS, iat: HOUR_MS - 1 }).ttlMs).toBe(1);
  });
});

describe('tokenLifetime with two expiries', () => {
  it('takes the earlier one when they differ by the tolerance of 60,000 ms', () => {
    expect(CLOCK_TOLERANCE_MS).toBe(60_000);
    expect(lifetime({ sdk: HOUR_MS, exp: HOUR_MS - 60_000, iat: -60_000 })).toEqual({
      ttlMs: HOUR_MS - 60_000,
      clockSkewMs: 60_000,
    });
    expect(lifetime({ sdk: HOUR_MS, exp: HOUR_MS + 60_000, iat: 0 })).toEqual({
      ttlMs: HOUR_MS,
      clockSkewMs: -60_000,
    });
  });

  it("takes the SDK's when they differ by 60,001 ms and it fits a token issued just now", () => {
    expect(lifetime({ sdk: HOUR_MS, exp: HOUR_MS - 60_001, iat: -60_001 })).toEqual({
      ttlMs: HOUR_MS,
      clockSkewMs: 60_001,
    });
    expect(lifetime({ sdk: HOUR_MS, exp: HOUR_MS + 60_001, iat: 60_001 })).toEqual({
      ttlMs: HOUR_MS,
      clockSkewMs: -60_001,
    });
  });

  it('holds a token for one issued just now up to 360,000 ms of backdated iat, no longer', () => {
    const issuedFor = HOUR_MS + 360_000;
    const exp = -HOUR_MS;
    expect(lifetime({ sdk: HOUR_MS, exp, iat: exp - issuedFor })).toEqual({
      ttlMs: HOUR_MS,
      clockSkewMs: 2 * HOUR_MS,
    });
    expect(lifetime({ sdk: HOUR_MS, exp, iat: exp - issuedFor - 1 })).toEqual({ ttlMs: -HOUR_MS });
  });

  it('holds it for that down to 60,000 ms less than the SDK says, and then for exp - iat alone', () => {
    const exp = -HOUR_MS;
    expect(lifetime({ sdk: HOUR_MS, exp, iat: exp - HOUR_MS + 60_000 })).toEqual({
      ttlMs: HOUR_MS - 60_000,
      clockSkewMs: 2 * HOUR_MS,
    });
    expect(lifetime({ sdk: HOUR_MS, exp, iat: exp - HOUR_MS + 60_001 })).toEqual({ ttlMs: -HOUR_MS });
  });

  it('believes no skew without an iat: the earlier one counts', () => {
    expect(lifetime({ sdk: HOUR_MS, exp: 3 * HOUR_MS })).toEqual({ ttlMs: HOUR_MS });
    expect(lifetime({ sdk: 3 * HOUR_MS, exp: HOUR_MS })).toEqual({ ttlMs: HOUR_MS });
  });

  it('measures nothing when both are equal, as managed identity endpoints have it', () => {
    expect(lifetime({ sdk: HOUR_MS, exp: HOUR_MS, iat: -BACKDATED_MS })).toEqual({ ttlMs: HOUR_MS });
  });

  it('measures nothing on a token that was issued a while ago', () => {
    expect(lifetime({ sdk: HOUR_MS, exp: HOUR_MS - 1000, iat: -3 * HOUR_MS })).toEqual({
      ttlMs: HOUR_MS - 1000,
    });
  });

  it('bounds a managed identity token by exp - iat on a clock that is 2 h behind', () => {
    const exp = 26 * HOUR_MS;
    expect(lifetime({ sdk: exp, exp, iat: 2 * HOUR_MS - BACKDATED_MS }).ttlMs).toBe(
      24 * HOUR_MS + BACKDATED_MS,
    );
  });
});

describe('tokenLifetime on a skewed clock', () => {
  /** A fresh token of 1 h whose SDK counts from this clock, `skewMs` ahead of the issuer's. */
  const fresh = (skewMs: number): TokenLifetime =>
    lifetime({ sdk: HOUR_MS, exp: HOUR_MS - skewMs, iat: -skewMs - BACKDATED_MS });

  it('neither kills a fresh token 2 h ahead nor stretches it 2 h behind: 1 h either way', () => {
    expect(fresh(2 * HOUR_MS)).toEqual({ ttlMs: HOUR_MS, clockSkewMs: 2 * HOUR_MS });
    expect(fresh(-2 * HOUR_MS)).toEqual({ ttlMs: HOUR_MS, clockSkewMs: -2 * HOUR_MS });
  });

  it('gives half the life back to a clock that is behind by half of it', () => {
    expect(fresh(-HOUR_MS / 2)).toEqual({ ttlMs: HOUR_MS, clockSkewMs: -HOUR_MS / 2 });
  });

  it('measures exactly the life and the skew of any fresh token, beyond the tolerance (1,000 cases)', () => {
    const skew = fc.integer({ min: -48 * HOUR_MS, max: 48 * HOUR_MS });
    const life = fc.integer({ min: 10 * MINUTE_MS, max: 28 * HOUR_MS });
    const backdated = fc.integer({ min: 0, max: BACKDATED_MS });
    fc.assert(
      fc.property(skew, life, backdated, (skewMs, lifeMs, backdatedMs) => {
        const { ttlMs, clockSkewMs } = lifetime({
          sdk: lifeMs,
          exp: lifeMs - skewMs,
          iat: -skewMs - backdatedMs,
        });
        expect(clockSkewMs).toBe(skewMs === 0 ? undefined : skewMs);
        if (Math.abs(skewMs) > CLOCK_TOLERANCE_MS) expect(ttlMs).toBe(lifeMs);
        else expect(ttlMs).toBe(Math.min(lifeMs, lifeMs - skewMs));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('tokenLifetime whatever the times', () => {
  const offset = fc.option(fc.integer({ min: -100 * HOUR_MS, max: 100 * HOUR_MS }), { nil: undefined });
  const offsets = fc.record({ sdk: offset, exp: offset, iat: offset });

  it("is never longer than exp - iat, never longer than the SDK's, never longer than exp alone (1,000 cases)", () => {
    fc.assert(
      fc.property(offsets, ({ sdk, exp, iat }) => {
        const { ttlMs } = lifetime({
          ...(sdk === undefined ? {} : { sdk }),
          ...(exp === undefined ? {} : { exp }),
          ...(iat === undefined ? {} : { iat }),
        });
        if (exp !== undefined && iat !== undefined && exp > iat) expect(ttlMs).toBeLessThanOrEqual(exp - iat);
        if (sdk !== undefined) expect(ttlMs).toBeLessThanOrEqual(sdk);
        else if (exp !== undefined) expect(ttlMs).toBeLessThanOrEqual(exp);
        if (exp !== undefined && iat === undefined) expect(ttlMs).toBeLessThanOrEqual(exp);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes nothing from a token beyond what one of the three bounds takes (1,000 cases)', () => {
    fc.assert(
      fc.property(offsets, (times) => {
        const { ttlMs } = lifetime(times as Offsets);
        const { sdk, exp, iat } = times;
        const bounds = [sdk, exp, exp === undefined || iat === undefined ? undefined : exp - iat];
        const told = bounds.filter((bound) => bound !== undefined);
        if (told.length > 0) expect(told).toContain(ttlMs);
      }),
      { numRuns: 1000 },
    );
  });
});
