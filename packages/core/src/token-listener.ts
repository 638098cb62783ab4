import type { EntraIdError } from './errors.js';
import type { Token } from './token.js';
import type { TokenManagerStateChange } from './token-manager-status.js';

/**
 * Told about every token and every failed round; see `TokenManager.subscribe`. What a method returns is ignored, but for
 * a promise that rejects: that is reported on the `entraid:listener:error` channel, like an exception.
 */
export interface TokenListener {
  /** A new token is in force. Never the same twice, never an older one. */
  onNext(token: Token): unknown;
  /** A round of requests failed. The manager goes on: another round is scheduled. */
  onError?(error: EntraIdError): unknown;
  /** The manager went from one state to another. */
  onStateChange?(change: TokenManagerStateChange): unknown;
}
