import type { TokenRefusalReason } from '../identity/token-verifier.js';
import type { AuthenticationKind } from './authentication-command.js';

/** Why the gate would not let credentials through. */
export type GateRefusalReason =
  | TokenRefusalReason
  /** The token is good, but for another `oid` than the user name given. */
  | 'username'
  /** The identity has no access to this cache. */
  | 'not-assigned'
  /** The keys to check the signature with could not be had. */
  | 'keys-unavailable'
  /** Asked for with `refuseNext()`. */
  | 'refuse-next'
  /** The gate found nothing wrong; the server refused, or could not take AUTH at that moment. */
  | 'server';

/** A client connected. */
export interface ConnectionEvent {
  /** Counts up from 1 per gate. */
  readonly connectionId: number;
  readonly remotePort: number;
  /** Epoch ms. */
  readonly at: number;
}

/** An AUTH or HELLO with credentials was decided; reported before the client has the reply. Holds no token. */
export interface AuthEvent {
  readonly connectionId: number;
  readonly remotePort: number;
  readonly kind: AuthenticationKind;
  readonly username: string;
  readonly accepted: boolean;
  /** Only of refused ones. */
  readonly reason?: GateRefusalReason;
  /** When the accepted token's life ends, epoch ms. */
  readonly expiresAtMs?: number;
  /** Epoch ms. */
  readonly at: number;
}

/**
 * Who ended a connection: the client, the server behind the gate, the gate because the token's life was over, or the
 * gate on demand (`killAll()`, `kill()`, `close()`).
 */
export type CloseReason = 'client' | 'server' | 'expired' | 'killed';

/** A connection is over. */
export interface ClosedEvent {
  readonly connectionId: number;
  readonly remotePort: number;
  /** The user it was signed in as, if any. */
  readonly username?: string;
  readonly reason: CloseReason;
  /** Epoch ms. */
  readonly at: number;
}

/** Events of a gate. */
export interface GateEvents {
  readonly connection: ConnectionEvent;
  readonly auth: AuthEvent;
  readonly closed: ClosedEvent;
}
