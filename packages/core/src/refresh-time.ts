import type { Token } from './token.js';

/** When a token is renewed. */
export interface RefreshPolicy {
  /** Share of the token's life after which it is renewed; above 0, up to 1. Default 0.7, as in go-redis-entraid. */
  readonly expirationRefreshRatio: number;
  /** Renew at the latest this long before expiry, in ms. Default 0: no bound of its own. */
  readonly lowerRefreshBoundMs: number;
  /** Random share of the token's life, from 0 up to this, by which the renewal is earlier. Default 0.05. */
  readonly refreshJitterRatio: number;
}

/**
 * Microsoft asks for a new AUTH at least 3 minutes before expiry (learn.microsoft.com/azure/redis/entra-for-authentication);
 * this leaves two more to fetch the token and to spread the AUTHs. A token that lives less than twice as long cannot spare it.
 */
export const EXPIRY_MARGIN_MS = 300_000;

/**
 * How long after its receipt a token is to be renewed, in ms from 0: the earliest of the ratio, the lower bound before
 * expiry, {@link EXPIRY_MARGIN_MS} before expiry where life allows, and the source's own hint; then earlier by the
 * jitter, never later. `random` is from 0 up to 1.
 */
export function refreshAfterMs(token: Token, policy: RefreshPolicy, random: number): number {
  const { ttlMs, receivedAtMs, refreshAtMs } = token;
  const candidates = [
    // The epsilon undoes products such as 100 * 0.57 = 56.99999999999999.
    Math.floor(ttlMs * policy.expirationRefreshRatio + 1e-6),
    ttlMs - policy.lowerRefreshBoundMs,
  ];
  if (ttlMs >= 2 * EXPIRY_MARGIN_MS) candidates.push(ttlMs - EXPIRY_MARGIN_MS);
  if (refreshAtMs !== undefined) candidates.push(refreshAtMs - receivedAtMs);
  const jitterMs = Math.floor(ttlMs * policy.refreshJitterRatio * random);
  return Math.max(0, Math.min(...candidates) - jitterMs);
}

/**
 * When to ask again after the source gave the same token, in ms from now. Azure's caches let go of a token five minutes
 * before its expiry (msal-common 16, `DEFAULT_TOKEN_RENEWAL_OFFSET_SEC`), so asking earlier is useless unless the source
 * hinted at a time; past that, at half of what is left. Never sooner than `minIntervalMs`.
 */
export function sameTokenRetryMs(
  remainingMs: number,
  hintInMs: number | undefined,
  minIntervalMs: number,
): number {
  const untilCacheLetsGoMs = remainingMs - EXPIRY_MARGIN_MS + 1000;
  const untilMs =
    hintInMs !== undefined && hintInMs > 0
      ? Math.min(hintInMs, Math.max(untilCacheLetsGoMs, remainingMs / 2))
      : untilCacheLetsGoMs > 0
        ? untilCacheLetsGoMs
        : remainingMs / 2;
  return Math.max(minIntervalMs, Math.floor(untilMs));
}
