import { EntraIdError } from './errors.js';

/** What `util.inspect` calls (nodejs.org/api/util.html, custom inspection). */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** What a Redis connection signs in with. */
export interface Credentials {
  /** The Redis user. With Entra ID: the object id of the identity. */
  readonly username: string;
  /** The secret: for Entra ID the access token itself. Never enumerable, never printed. */
  readonly password: string;
}

/** The values a {@link Token} is made of. */
export interface TokenInit extends Credentials {
  /** When the token stops being accepted, in ms since the epoch on this machine's clock. */
  readonly expiresAtMs: number;
  /** When the token arrived, in ms since the epoch on this machine's clock. */
  readonly receivedAtMs: number;
  /** Life from receipt to expiry in ms. Default: `expiresAtMs - receivedAtMs`. */
  readonly ttlMs?: number | undefined;
  /** When the source would like to be asked again, in ms since the epoch (MSAL's `refreshOn`). Default: no wish. */
  readonly refreshAtMs?: number | undefined;
  /** How far this machine's clock is ahead of the issuer's, in ms (negative: behind). Default: not measured. */
  readonly clockSkewMs?: number | undefined;
  /** The place of this token in its manager's sequence, from 1. Default: 0, not yet numbered. */
  readonly version?: number | undefined;
}

/**
 * One short-lived credential. Immutable. The secret is reachable only through the {@link Token.password} accessor:
 * `util.inspect` at any depth, `JSON.stringify`, `String()`, spreading and cloning do not show it.
 */
export class Token implements Credentials {
  readonly username: string;
  readonly expiresAtMs: number;
  readonly receivedAtMs: number;
  readonly ttlMs: number;
  readonly refreshAtMs: number | undefined;
  readonly clockSkewMs: number | undefined;
  readonly version: number;
  readonly #password: string;

  /** Throws `INVALID_TOKEN` when the username or the password is empty or a time is not a finite number. */
  constructor(init: TokenInit) {
    this.username = nonEmpty('username', init.username);
    this.#password = nonEmpty('password', init.password);
    this.expiresAtMs = finite('expiresAtMs', init.expiresAtMs);
    this.receivedAtMs = finite('receivedAtMs', init.receivedAtMs);
    this.ttlMs = finite('ttlMs', init.ttlMs ?? init.expiresAtMs - init.receivedAtMs);
    this.refreshAtMs = init.refreshAtMs === undefined ? undefined : finite('refreshAtMs', init.refreshAtMs);
    this.clockSkewMs = init.clockSkewMs === undefined ? undefined : finite('clockSkewMs', init.clockSkewMs);
    this.version = finite('version', init.version ?? 0);
    Object.freeze(this);
  }

  /** The secret. An accessor on the prototype, so nothing that walks properties meets it. */
  get password(): string {
    return this.#password;
  }

  /** The same token under another number. */
  withVersion(version: number): Token {
    return new Token({ ...this.#visible(), password: this.#password, version });
  }

  /** Everything but the secret. */
  toJSON(): object {
    return { ...this.#visible(), password: '[redacted]' };
  }

  toString(): string {
    return `Token(${this.username}, version ${this.version}, expires ${isoTime(this.expiresAtMs)})`;
  }

  #visible(): Omit<TokenInit, 'password'> {
    const { username, expiresAtMs, receivedAtMs, ttlMs, refreshAtMs, clockSkewMs, version } = this;
    return { username, expiresAtMs, receivedAtMs, ttlMs, refreshAtMs, clockSkewMs, version };
  }

  static {
    Object.defineProperty(Token.prototype, INSPECT, { value: Token.prototype.toString });
  }
}

function nonEmpty(name: string, value: string): string {
  if (typeof value === 'string' && value.length > 0) return value;
  throw new EntraIdError('INVALID_TOKEN', `the token's ${name} must be a non-empty string`);
}

function finite(name: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new EntraIdError(
    'INVALID_TOKEN',
    `the token's ${name} must be a finite number, got ${String(value)}`,
  );
}

/** `Date` covers ±8.64e15 ms (ECMA-262 §21.4.1.1); a token that claims to live longer must not break its printing. */
function isoTime(epochMs: number): string {
  return Math.abs(epochMs) <= 8.64e15 ? new Date(epochMs).toISOString() : `${epochMs} ms`;
}
