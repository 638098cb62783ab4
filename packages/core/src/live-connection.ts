import type { EntraIdError } from './errors.js';
import { closesAtMs, dueAtMs, type ExpiryPolicy, lifeMs, type SignIn } from './expiry-policy.js';
import type { ReauthenticationTarget } from './reauthentication.js';
import { atRiskMs } from './reauthentication-time.js';
import type { Token } from './token.js';

/** What a reauthenticator remembers of one connection. Times are ms since the epoch. */
export class LiveConnection {
  readonly target: ReauthenticationTarget;
  readonly #policy: ExpiryPolicy;
  #token: Token;
  #signIn: SignIn;
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

  constructor(target: ReauthenticationTarget, token: Token, policy: ExpiryPolicy, nowMs: number) {
    this.target = target;
    this.#policy = policy;
    this.#token = token;
    this.#signIn = signInAt(nowMs, token);
  }

  /** What it is signed in with. */
  get token(): Token {
    return this.#token;
  }

  /** It took `token`. */
  signedIn(token: Token, nowMs: number): void {
    this.#token = token;
    this.#signIn = signInAt(nowMs, token);
    this.reportedAtRisk = false;
    this.startOver();
  }

  /** A newer token makes earlier refusals meaningless. */
  startOver(): void {
    this.attempts = 0;
    this.deferrals = 0;
    this.lastError = undefined;
  }

  /** Whether it is to send AUTH with `current`. */
  isDue(current: Token, nowMs: number): boolean {
    if (this.#policy === 'close-at-expiry') return this.#token.version < current.version;
    return nowMs >= this.dueAtMs;
  }

  /** From when on it is due without a newer token; infinite under the other policies. */
  get dueAtMs(): number {
    return dueAtMs(this.#policy, this.#signIn);
  }

  /** Until the server closes it, in ms. */
  remainingMs(nowMs: number): number {
    return closesAtMs(this.#policy, this.#signIn) - nowMs;
  }

  /** Until it is at risk, in ms; 0 or less when it is. */
  riskInMs(nowMs: number): number {
    return this.remainingMs(nowMs) - atRiskMs(lifeMs(this.#policy, this.#signIn));
  }
}

function signInAt(atMs: number, token: Token): SignIn {
  return { atMs, tokenExpiresAtMs: token.expiresAtMs, tokenTtlMs: token.ttlMs };
}
