import type { IdentityProviderResponse } from './identity-provider-response.js';

/** What a token manager tells its identity provider with each request. */
export interface RequestTokenOptions {
  /** Fires when nobody waits for this request any more: it timed out, or its manager was closed. Honour it. */
  readonly signal: AbortSignal;
  /**
   * `true` asks the source to bypass its own cache, because the manager already holds what the cache would answer.
   * A source that cannot may answer with the same token: that is normal and costs no re-authentication.
   */
  readonly forceRefresh: boolean;
}

/**
 * A source of short-lived tokens: the one interface a third party implements. Called with at most one request in flight
 * per manager, never more often than the manager's `minRequestIntervalMs`. Reject with whatever error describes the
 * failure best: the manager classifies it (see `classifyFailure`), retries, and keeps it as `cause`.
 */
export interface IdentityProvider {
  requestToken(options: RequestTokenOptions): Promise<IdentityProviderResponse>;
}
