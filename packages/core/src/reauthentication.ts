import type { DiagnosticsEvents } from './diagnostics.js';
import type { ExpiryPolicy } from './expiry-policy.js';
import type { Token } from './token.js';

/**
 * A live Redis connection, as its adapter presents it. One target stands for one physical connection, from the moment
 * it is signed in and ready until it closes.
 */
export interface ReauthenticationTarget {
  /** Names the connection in errors and events: host and port, and a suffix that tells it from its siblings. */
  readonly id: string;
  /**
   * Sends AUTH with `token` now, past offline queues and command time-outs. Resolves to `applied` only when the server
   * replied OK to it; to `deferred` when the connection cannot take it at this moment: a transaction is open (also when
   * the server replied QUEUED), a RESP2 subscription is active, it is not ready. Rejects when the server refused it.
   * Never called again before it has settled, however long that takes.
   */
  authenticate(token: Token): Promise<'applied' | 'deferred'>;
  /** Whether nothing is in flight, so that a refused AUTH can harm no other command. Absent: not known, taken as idle. */
  isIdle?(): boolean;
}

/** A connection's place in a {@link Reauthenticator}. */
export interface ReauthenticationRegistration {
  /** Something changed that made the connection defer (a transaction ended): if it is due, it is asked at once. */
  retry(): void;
  /** The physical connection is gone. Idempotent; nothing is called or reported for it afterwards. */
  dispose(): void;
}

/** Told about every connection's re-authentication. A throwing observer hurts nobody. */
export interface ReauthenticationObserver {
  /** A live connection took a newer token. */
  onReauthenticated?(event: DiagnosticsEvents['entraid:connection:reauthenticated']): unknown;
  /** A live connection did not take it, and keeps the token it has. It will be asked again. */
  onReauthenticationFailed?(event: DiagnosticsEvents['entraid:connection:reauthentication-failed']): unknown;
  /** A live connection nears its token's expiry without a newer one. Once per connection and token. */
  onConnectionAtRisk?(event: DiagnosticsEvents['entraid:connection:at-risk']): unknown;
}

/** How AUTHs are spread. Checked at construction: `INVALID_OPTION` names the bad one. */
export interface ReauthenticatorOptions {
  /** When the server ends a connection. Default `close-at-expiry`, as Azure does. */
  readonly expiryPolicy?: ExpiryPolicy;
  /**
   * Longest time over which the AUTHs of one rotation are spread, from 0 to 600,000 ms. Default 30,000, and never more
   * than a tenth of what is left of the connection's token. Microsoft asks for staggering
   * (learn.microsoft.com/azure/redis/entra-for-authentication).
   */
  readonly windowMs?: number;
  /** AUTHs under way at once, integer from 1 to 10,000. Default 64. */
  readonly maxConcurrency?: number;
  /** After this long an unanswered AUTH no longer counts as under way, from 100 to 600,000 ms. Default 10,000. */
  readonly authTimeoutMs?: number;
  /** Source of jitter, from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** How many live connections there are, and how many of them hold an older token than the current one. */
export interface ReauthenticatorStatus {
  readonly connections: number;
  readonly behind: number;
}
