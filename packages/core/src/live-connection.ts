import type { EntraIdError } from './errors.js';
import type { ReauthenticationTarget } from './reauthentication.js';
import { atRiskMs } from './reauthentication-time.js';
import type { Token } from './token.js';

/** What a reauthenticator remembers of one connection. */
export class LiveConnection {
  readonly target: ReauthenticationTarget;
  /** What it is signed in with. */
  #token: Token;
  /** An AUTH was sent and has not been answered. */
  inFlight = false;
  disposed = false;
  /** Tries with the current token, the deferred ones not counted. */
  attempts = 0;
  deferrals = 0;
  lastError: EntraIdError | undefined;
  reportedAtRisk = false;
  /** Cancels the timer of its next try. */
  cancelNext: (() => void) | undefined;

  constructor(target: ReauthenticationTarget, token: Token) {
    this.target = target;
    this.#token = token;
  }

  get token(): Token {
    return this.#token;
  }

  /** It took `token`. */
  signedIn(token: Token): void {
    this.#token = token;
    this.reportedAtRisk = false;
    this.startOver();
  }

  /** A newer token makes earlier refusals meaningless. */
  startOver(): void {
    this.attempts = 0;
    this.deferrals = 0;
    this.lastError = undefined;
  }

  remainingMs(nowMs: number): number {
    return this.#token.expiresAtMs - nowMs;
  }

  isAtRisk(nowMs: number): boolean {
    return this.remainingMs(nowMs) <= atRiskMs(this.#token.ttlMs);
  }

  isBehind(current: Token): boolean {
    return this.#token.version < current.version;
  }
}
