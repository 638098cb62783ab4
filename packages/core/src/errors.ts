import { redactTokens } from './redact-tokens.js';

/**
 * What went wrong, as a word that tells what to do:
 *
 * - `INVALID_OPTION`: the caller's configuration is wrong; fix the option that the message names. Never retried.
 * - `INVALID_RESPONSE`: the identity source answered with something that is not one of the three response kinds,
 *   or whose payload is missing. Fix the source.
 * - `INVALID_TOKEN`: the token cannot be used: not a JWT, no `oid`, no expiry, too large. Fix the source or give a
 *   `credentialsMapper`.
 * - `TOKEN_EXPIRED`: the source handed over a token whose life is over. Retried; check the source's cache and the clocks.
 * - `IDENTITY_CHANGED`: a refreshed token belongs to another user than the first one. Refused; the current token stays.
 * - `IDENTITY_REJECTED`: the identity provider said no (wrong secret, unknown client). Fix the configuration;
 *   asked again only at the slow cadence, because secrets get rotated.
 * - `IDENTITY_UNAVAILABLE`: network, timeout, throttling or a server fault. Retried with back-off.
 * - `REAUTHENTICATION_FAILED`: a live connection did not take the new token. Retried while its old token lives.
 * - `CONNECTION_AT_RISK`: a live connection is about to reach its token's expiry without having taken a newer one.
 * - `ABORTED`: the caller's own `signal` ended the wait.
 * - `CLOSED`: used after `close()`.
 * - `DEPENDENCY_MISSING`: an optional package is not installed; the message has the install line.
 */
export type EntraIdErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_RESPONSE'
  | 'INVALID_TOKEN'
  | 'TOKEN_EXPIRED'
  | 'IDENTITY_CHANGED'
  | 'IDENTITY_REJECTED'
  | 'IDENTITY_UNAVAILABLE'
  | 'REAUTHENTICATION_FAILED'
  | 'CONNECTION_AT_RISK'
  | 'ABORTED'
  | 'CLOSED'
  | 'DEPENDENCY_MISSING';

/** What an {@link EntraIdError} carries beside its code and message. */
export interface EntraIdErrorDetails {
  /** The error underneath, kept as it was. */
  readonly cause?: unknown;
  /** Whether asking again without a change of configuration can help. Default: decided by the code. */
  readonly retryable?: boolean;
  /** How long the source asked to be left alone, in ms from now (`Retry-After`, or a local throttle). */
  readonly retryAfterMs?: number;
  /** The identity provider's own code, e.g. `invalid_client` or `AADSTS7000215`. */
  readonly identityCode?: string;
  /** The Redis connection concerned, as its adapter names it (host, port and a suffix). */
  readonly connectionId?: string;
}

const BRAND = Symbol.for('@entraid/core.EntraIdError');

const RETRYABLE_BY_DEFAULT: ReadonlySet<EntraIdErrorCode> = new Set([
  'TOKEN_EXPIRED',
  'IDENTITY_UNAVAILABLE',
  'REAUTHENTICATION_FAILED',
]);

/**
 * The one error class of these packages. Match it with `error.code`; to tell it from other errors use
 * {@link isEntraIdError}, which also holds when two copies of this package are loaded (ESM and CommonJS, or two versions).
 * Messages never carry a token or a secret.
 */
export class EntraIdError extends Error {
  override readonly name: string = 'EntraIdError';
  readonly code: EntraIdErrorCode;
  readonly retryable: boolean;
  // Declared, not defined: an error without them does not print them.
  declare readonly retryAfterMs?: number;
  declare readonly identityCode?: string;
  declare readonly connectionId?: string;

  constructor(code: EntraIdErrorCode, message: string, details: EntraIdErrorDetails = {}) {
    super(redactTokens(message), 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = details.retryable ?? RETRYABLE_BY_DEFAULT.has(code);
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    if (details.identityCode !== undefined) this.identityCode = details.identityCode;
    if (details.connectionId !== undefined) this.connectionId = details.connectionId;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is an {@link EntraIdError} of this or any other loaded copy of the package. */
export function isEntraIdError(error: unknown): error is EntraIdError {
  return typeof error === 'object' && error !== null && BRAND in error;
}
