/** What is known about a token's times when it arrives; ms since the epoch. At least one expiry is given. */
export interface TokenTimes {
  /** This machine's wall clock at receipt. */
  readonly nowMs: number;
  /** The expiry that the identity SDK reports, if any. */
  readonly sdkExpiresAtMs?: number | undefined;
  /** The token's `exp` claim, if any. */
  readonly expMs?: number | undefined;
  /** The token's `iat` claim, if any. */
  readonly iatMs?: number | undefined;
}

export interface TokenLifetime {
  /** Life from now in ms; 0 or less when it is over. */
  readonly ttlMs: number;
  /** How far this machine's clock is ahead of the issuer's, where the token tells. */
  readonly clockSkewMs?: number;
}

/** Network and rounding: two clocks that agree within this are taken to agree. */
export const CLOCK_TOLERANCE_MS = 60_000;

/** Entra backdates `iat` by about five minutes, so `exp - iat` overstates the life by as much. */
const BACKDATED_MS = 300_000;

/**
 * How long a token lives from now, whatever this machine's clock says.
 *
 * The earlier of the SDK's expiry and `exp` counts. They disagree by more than {@link CLOCK_TOLERANCE_MS} when the SDK
 * computed its own from `expires_in` on a skewed local clock (msal-common 16 does): if the SDK's remaining life fits a
 * token issued just now, the difference is skew and the SDK's relative time is the right one. And no token lives longer
 * than the `exp - iat` it was issued for, which bounds what a clock that is behind would believe.
 */
export function tokenLifetime({ nowMs, sdkExpiresAtMs, expMs, iatMs }: TokenTimes): TokenLifetime {
  const issuedForMs =
    expMs !== undefined && iatMs !== undefined && expMs > iatMs ? expMs - iatMs : Number.POSITIVE_INFINITY;
  if (sdkExpiresAtMs === undefined || expMs === undefined) {
    const ttlMs = Math.min((sdkExpiresAtMs ?? expMs ?? nowMs) - nowMs, issuedForMs);
    return iatMs !== undefined && iatMs > nowMs ? { ttlMs, clockSkewMs: nowMs - iatMs } : { ttlMs };
  }
  const sdkTtlMs = sdkExpiresAtMs - nowMs;
  const skewMs = sdkExpiresAtMs - expMs;
  const issuedJustNow =
    sdkTtlMs <= issuedForMs + CLOCK_TOLERANCE_MS &&
    issuedForMs - sdkTtlMs <= BACKDATED_MS + CLOCK_TOLERANCE_MS;
  if (Math.abs(skewMs) > CLOCK_TOLERANCE_MS && issuedJustNow) {
    return { ttlMs: Math.min(sdkTtlMs, issuedForMs), clockSkewMs: skewMs };
  }
  const ttlMs = Math.min(sdkTtlMs, expMs - nowMs, issuedForMs);
  // Managed identity endpoints report `exp` itself: equal times measure nothing.
  return skewMs === 0 || !issuedJustNow ? { ttlMs } : { ttlMs, clockSkewMs: skewMs };
}
