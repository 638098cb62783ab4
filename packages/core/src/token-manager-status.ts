import type { EntraIdError } from './errors.js';

/**
 * - `idle`: no token, and nobody has asked for one.
 * - `acquiring`: the first token is being asked for.
 * - `valid`: a token is in force and the last request succeeded.
 * - `degraded`: a token is in force, but the source fails; it costs nothing until the token expires.
 * - `expired`: the last token's life is over, or a server refused it, and no newer one has come.
 * - `closed`: `close()` was called.
 */
export type TokenManagerState = 'idle' | 'acquiring' | 'valid' | 'degraded' | 'expired' | 'closed';

/** A snapshot for health checks and metrics. Times are ms since the epoch on this machine's clock. */
export interface TokenManagerStatus {
  readonly state: TokenManagerState;
  /** The Redis user of the current or last token. */
  readonly username: string | undefined;
  /** When the current or last token expires. */
  readonly expiresAtMs: number | undefined;
  /** When the source will be asked next; `undefined` while nobody is subscribed. */
  readonly nextRefreshAtMs: number | undefined;
  /** When the source last gave a token, a new one or the same again. */
  readonly lastSuccessAtMs: number | undefined;
  /** The last failure since the last success. */
  readonly lastError: EntraIdError | undefined;
  /** Requests that failed since the last success. */
  readonly consecutiveFailures: number;
  /** How far this machine's clock is ahead of the issuer's in ms, where the last token told. */
  readonly clockSkewMs: number | undefined;
}

/** A transition, with the snapshot after it. */
export interface TokenManagerStateChange {
  readonly from: TokenManagerState;
  readonly to: TokenManagerState;
  readonly status: TokenManagerStatus;
}
