import type { EntraIdError } from './errors.js';
import type { Token } from './token.js';
import type { TokenManagerStateChange } from './token-manager-status.js';

/** Told about every token and every failed round; see `TokenManager.subscribe`. */
export interface TokenListener {
  /** A new token is in force. Never the same twice, never an older one. */
  onNext(token: Token): void;
  /** A round of requests failed. The manager goes on: another round is scheduled. */
  onError?(error: EntraIdError): void;
  /** The manager went from one state to another. */
  onStateChange?(change: TokenManagerStateChange): void;
}
