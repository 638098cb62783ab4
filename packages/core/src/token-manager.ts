import type { Clock } from './clock.js';
import { publishDiagnostics } from './diagnostics.js';
import { EntraIdError } from './errors.js';
import type { GetTokenOptions } from './get-token-options.js';
import { HeldToken } from './held-token.js';
import type { IdentityProvider } from './identity-provider.js';
import type { IdentityProviderResponse } from './identity-provider-response.js';
import { guard, ListenerSet } from './listener-set.js';
import { checkFunction } from './option-checks.js';
import type { Token } from './token.js';
import { TokenAcquisition } from './token-acquisition.js';
import type { TokenListener } from './token-listener.js';
import {
  type ResolvedTokenManagerOptions,
  resolveTokenManagerOptions,
  type TokenManagerOptions,
} from './token-manager-options.js';
import type {
  TokenManagerState,
  TokenManagerStateChange,
  TokenManagerStatus,
} from './token-manager-status.js';
import { scheduleByWallClock } from './wall-timer.js';

/** A server that refuses every token (a role is missing, say) must not become a stream of token requests. */
const REFUSAL_INTERVAL_MS = 60_000;

/**
 * Owns the current token of one identity: gets it, renews it in time, keeps it until it expires, and outlives its source.
 *
 * While the token is valid an outage of the source costs nothing. Requests come in rounds with back-off; after a failed
 * round another follows for as long as anybody is subscribed. Nothing ends a manager but {@link TokenManager.close}.
 */
export class TokenManager {
  readonly #options: ResolvedTokenManagerOptions;
  readonly #acquisition: TokenAcquisition;
  readonly #listeners = new ListenerSet<TokenListener>();
  #held: HeldToken | undefined;
  #username: string | undefined;
  #version = 0;
  #consecutiveFailures = 0;
  #lastError: EntraIdError | undefined;
  #lastSuccessAtMs: number | undefined;
  #nextRefreshAtMs: number | undefined;
  #refusedAtMonotonicMs = Number.NEGATIVE_INFINITY;
  #cancelRefresh: (() => void) | undefined;
  #cancelExpiry: (() => void) | undefined;
  #reportedState: TokenManagerState = 'idle';
  #closed = false;

  /** Throws `INVALID_OPTION` when the provider or an option is not usable. Asks for nothing yet. */
  constructor(identityProvider: IdentityProvider, options: TokenManagerOptions = {}) {
    checkFunction('identityProvider.requestToken', identityProvider?.requestToken);
    this.#options = resolveTokenManagerOptions(options);
    this.#acquisition = new TokenAcquisition({
      ...this.#options,
      identityProvider,
      holdsToken: () => this.#held !== undefined,
      currentToken: () => this.currentToken(),
      remainingMs: () => this.#held?.remainingMs ?? 0,
      isWanted: () => this.#listeners.size > 0,
      accept: (response, durationMs) => this.#accept(response, durationMs),
      onAttemptFailed: (error, attempt, nextAttemptInMs) =>
        this.#attemptFailed(error, attempt, nextAttemptInMs),
      onRoundEnded: (pauseMs, error) => this.#roundEnded(pauseMs, error),
    });
  }

  /** The manager's only source of time. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /**
   * The current token while it is valid, otherwise a new one; never an expired one. However many callers wait, one
   * request is in flight, and a failed round rejects them all.
   *
   * Rejects with an `EntraIdError`: the classified failure of the source, `ABORTED`, or `CLOSED`. After a refusal that
   * only a change of configuration can mend, or a `Retry-After` longer than the back-off, calls reject at once with that
   * error and without a request until the next round is due.
   */
  getToken(options?: GetTokenOptions): Promise<Token> {
    const forceRefresh = options?.forceRefresh ?? false;
    const signal = options?.signal;
    if (this.#closed) return Promise.reject(closedError());
    if (signal?.aborted === true) {
      return Promise.reject(
        new EntraIdError('ABORTED', 'the wait for a token was aborted', { cause: signal.reason }),
      );
    }
    if (!forceRefresh) {
      const token = this.currentToken();
      if (token !== undefined) return Promise.resolve(token);
      const failure = this.#acquisition.standingFailure;
      if (failure !== undefined) return Promise.reject(failure);
    }
    const next = this.#acquisition.join(forceRefresh, signal);
    this.#reportState();
    return next;
  }

  /** The current token, if it is valid at this moment. */
  currentToken(): Token | undefined {
    return this.#held?.valid === true ? this.#held.token : undefined;
  }

  /**
   * Says that a server refused `token` before its expiry, so that it is not handed out again and the next
   * {@link getToken} asks for another. Ignored for any token but the current one, and within 60 s of the last refusal:
   * a server that takes no token at all is then left to speak for itself.
   */
  rejectToken(token: Token): void {
    const nowMs = this.#options.clock.monotonic();
    if (this.#held?.token.version !== token.version) return;
    if (nowMs - this.#refusedAtMonotonicMs < REFUSAL_INTERVAL_MS) return;
    this.#refusedAtMonotonicMs = nowMs;
    this.#held.refuse();
    this.#arm();
    this.#reportState();
  }

  /**
   * Calls `listener` with the current token, if there is one (in a microtask), and with every later one. While anybody
   * is subscribed the token is renewed in time; the first subscriber starts that, the last one to leave stops it.
   * Returns the unsubscribe function: idempotent, and nothing is delivered after it. Throws `CLOSED` after {@link close}.
   */
  subscribe(listener: TokenListener): () => void {
    if (this.#closed) throw closedError();
    checkFunction('listener.onNext', listener?.onNext);
    let subscribed = true;
    let deliveredVersion = 0;
    const deliver = (token: Token | undefined): unknown => {
      if (!subscribed || token === undefined || token.version <= deliveredVersion) return undefined;
      deliveredVersion = token.version;
      return listener.onNext(token);
    };
    const remove = this.#listeners.add({
      onNext: deliver,
      onError: (error) => listener.onError?.(error),
      onStateChange: (change) => listener.onStateChange?.(change),
    });
    if (this.#listeners.size === 1) this.#arm();
    queueMicrotask(() => {
      guard(() => deliver(this.currentToken()));
      this.#reportState();
    });
    return () => {
      if (!subscribed) return;
      subscribed = false;
      remove();
      if (this.#listeners.size === 0) this.#disarm();
      this.#acquisition.abandonIfUnwanted();
      this.#reportState();
    };
  }

  /** A snapshot for health checks and metrics. */
  status(): TokenManagerStatus {
    return {
      state: this.#state(),
      username: this.#username,
      expiresAtMs: this.#held?.token.expiresAtMs,
      nextRefreshAtMs: this.#nextRefreshAtMs,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      lastError: this.#lastError,
      consecutiveFailures: this.#consecutiveFailures,
      clockSkewMs: this.#held?.token.clockSkewMs,
    };
  }

  /** Ends everything at once: waiters reject with `CLOSED`, and listeners hear of the new state and then no more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#disarm();
    this.#acquisition.abort(closedError());
    this.#held = undefined;
    this.#reportState();
    this.#listeners.clear();
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Takes an answer of the source over, or throws what is wrong with it. */
  #accept(response: IdentityProviderResponse, durationMs: number): Token {
    const { clock, responseParser, allowIdentityChange, minRequestIntervalMs, random } = this.#options;
    const parsed = responseParser.parse(response, { nowMs: clock.now() });
    if (typeof parsed?.withVersion !== 'function') {
      throw new EntraIdError('INVALID_RESPONSE', 'the response parser returned no Token');
    }
    if (this.#username !== undefined && parsed.username !== this.#username && !allowIdentityChange) {
      throw new EntraIdError(
        'IDENTITY_CHANGED',
        `the refreshed token belongs to ${parsed.username}, the first one to ${this.#username}; ` +
          'set allowIdentityChange to accept that',
      );
    }
    const previous = this.#held;
    if (previous?.expired === true && previous.token.password === parsed.password) {
      // Its life was counted from its receipt; a wall clock that was set back since does not lengthen it.
      throw new EntraIdError('TOKEN_EXPIRED', 'the identity source gave the token again whose life is over');
    }
    this.#lastError = undefined;
    this.#consecutiveFailures = 0;
    this.#lastSuccessAtMs = clock.now();
    if (previous !== undefined && !previous.yieldsTo(parsed)) {
      previous.confirm(minRequestIntervalMs);
      publishDiagnostics('entraid:token:unchanged', () => ({
        username: previous.token.username,
        version: previous.token.version,
        nextRefreshInMs: previous.dueInMs,
      }));
      this.#reportState();
      return previous.token;
    }
    const token = parsed.withVersion(++this.#version);
    this.#username = token.username;
    this.#held = new HeldToken(token, clock, this.#options, random());
    const { username, version, expiresAtMs, ttlMs } = token;
    publishDiagnostics('entraid:token:refreshed', () => ({
      username,
      version,
      expiresAtMs,
      ttlMs,
      durationMs,
    }));
    this.#arm();
    this.#listeners.notify((listener) => listener.onNext(token));
    this.#reportState();
    return token;
  }

  #attemptFailed(error: EntraIdError, attempt: number, nextAttemptInMs: number | undefined): void {
    this.#lastError = error;
    this.#consecutiveFailures++;
    publishDiagnostics('entraid:token:refresh-failed', () =>
      nextAttemptInMs === undefined ? { error, attempt } : { error, attempt, nextAttemptInMs },
    );
    this.#reportState();
  }

  #roundEnded(pauseMs: number, error?: EntraIdError): void {
    this.#arm(pauseMs);
    if (error !== undefined) this.#listeners.notify((listener) => listener.onError?.(error));
    this.#reportState();
  }

  /** While anybody is subscribed: schedules the renewal, and the look at the state when the token expires. */
  #arm(pauseMs = this.#acquisition.pauseMs): void {
    this.#disarm();
    if (this.#closed || this.#listeners.size === 0) return;
    const { clock } = this.#options;
    const valid = this.#held?.valid === true ? this.#held : undefined;
    const delayMs = Math.max(valid?.dueInMs ?? 0, pauseMs);
    this.#nextRefreshAtMs = clock.now() + delayMs;
    if (delayMs === 0) this.#acquisition.start(false);
    else this.#cancelRefresh = scheduleByWallClock(clock, delayMs, () => this.#acquisition.start(false));
    if (valid !== undefined) {
      this.#cancelExpiry = scheduleByWallClock(clock, valid.remainingMs, () => this.#reportState());
    }
  }

  #disarm(): void {
    this.#cancelRefresh?.();
    this.#cancelExpiry?.();
    this.#cancelRefresh = undefined;
    this.#cancelExpiry = undefined;
    this.#nextRefreshAtMs = undefined;
  }

  #state(): TokenManagerState {
    if (this.#closed) return 'closed';
    if (this.#held?.valid === true) return this.#consecutiveFailures === 0 ? 'valid' : 'degraded';
    if (this.#held !== undefined) return 'expired';
    return this.#acquisition.inProgress || this.#lastError !== undefined ? 'acquiring' : 'idle';
  }

  /** Events tell of transitions, so each incident is told once, however many connections it concerns. */
  #reportState(): void {
    const from = this.#reportedState;
    const to = this.#state();
    if (from === to) return;
    this.#reportedState = to;
    publishDiagnostics('entraid:token:state', () => ({ from, to }));
    const change: TokenManagerStateChange = { from, to, status: this.status() };
    this.#listeners.notify((listener) => listener.onStateChange?.(change));
  }
}

function closedError(): EntraIdError {
  return new EntraIdError('CLOSED', 'the token manager is closed');
}
