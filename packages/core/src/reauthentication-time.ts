/** A rotation takes at most this share of what is left of the connection's token, so that refusals can be retried. */
const WINDOW_SHARE = 0.1;

/** A connection is at risk when this share of its token's life is left, but at most {@link MAX_AT_RISK_MS}. */
const AT_RISK_SHARE = 0.1;
const MAX_AT_RISK_MS = 30_000;

const FIRST_REFUSAL_DELAY_MS = 1000;
const MAX_REFUSAL_DELAY_MS = 30_000;
const MIN_REFUSAL_DELAY_MS = 100;
const FIRST_DEFERRAL_DELAY_MS = 100;
const MAX_DEFERRAL_DELAY_MS = 5000;

/** The time over which a rotation's AUTHs are spread, in ms, for a connection whose token lives `remainingMs` more. */
export function rotationWindowMs(maxWindowMs: number, remainingMs: number): number {
  return Math.max(0, Math.min(maxWindowMs, remainingMs * WINDOW_SHARE));
}

/**
 * When the `index`-th of `count` connections is due within the window, in ms: one random moment in each of `count` equal
 * slices, so that any stretch of the window holds its share. `random` is from 0 up to 1.
 */
export function spreadMs(index: number, count: number, windowMs: number, random: number): number {
  return ((index + random) / count) * windowMs;
}

/**
 * The wait after the `refusals`-th refusal in a row: doubling, upper half jittered, at most half of what is left, and
 * never so short that a fleet near its end becomes a burst.
 */
export function refusalDelayMs(refusals: number, remainingMs: number, random: number): number {
  const boundMs = Math.min(MAX_REFUSAL_DELAY_MS, FIRST_REFUSAL_DELAY_MS * 2 ** Math.min(30, refusals - 1));
  const delayMs = boundMs / 2 + (random * boundMs) / 2;
  return remainingMs > 0 ? Math.max(MIN_REFUSAL_DELAY_MS, Math.min(delayMs, remainingMs / 2)) : delayMs;
}

/** The wait after the `deferrals`-th deferral in a row, where the adapter does not say earlier that it is over. */
export function deferralDelayMs(deferrals: number): number {
  return Math.min(MAX_DEFERRAL_DELAY_MS, FIRST_DEFERRAL_DELAY_MS * 2 ** Math.min(30, deferrals - 1));
}

/** How long before its token's expiry a connection is at risk, in ms. */
export function atRiskMs(ttlMs: number): number {
  return Math.min(MAX_AT_RISK_MS, ttlMs * AT_RISK_SHARE);
}
