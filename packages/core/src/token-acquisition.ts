import type { Clock } from './clock.js';
import { EntraIdError } from './errors.js';
import type { IdentityProvider } from './identity-provider.js';
import type { IdentityProviderResponse } from './identity-provider-response.js';
import { FATAL_ROUND_DELAY_MS, MAX_RETRY_AFTER_MS, type RetryPolicy, roundDelayMs } from './retry-policy.js';
import type { Token } from './token.js';
import { requestToken } from './token-request.js';
import { type FailedRound, runTokenRound } from './token-round.js';
import { scheduleByWallClock } from './wall-timer.js';

/** What an acquisition needs of its manager, and tells it. */
export interface TokenAcquisitionHost {
  readonly identityProvider: IdentityProvider;
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry: RetryPolicy;
  readonly requestTimeoutMs: number;
  readonly minRequestIntervalMs: number;
  /** Whether a token is held whose successor the source's own cache would not give. */
  holdsToken(): boolean;
  /** The token that is held, while it is valid. */
  currentToken(): Token | undefined;
  /** Life left of the token that is held, in ms; 0 when there is none. */
  remainingMs(): number;
  /** Whether anybody is subscribed, so that a round goes on even when no caller waits for it. */
  isWanted(): boolean;
  /** Checks an answer and takes it over; throws when it is not usable. Returns the token that is in force then. */
  accept(response: IdentityProviderResponse, durationMs: number): Token;
  onAttemptFailed(error: EntraIdError, attempt: number, nextAttemptInMs: number | undefined): void;
  /** A round is over; with an error when it gave no token. The next one may start in `pauseMs`. */
  onRoundEnded(pauseMs: number, error?: EntraIdError): void;
}

interface Round {
  readonly controller: AbortController;
  readonly promise: Promise<Token>;
  /** Callers that await it. */
  waiters: number;
  /** A token came after its attempt had timed out: while it is valid, the round needs no further request. */
  answeredLate: boolean;
}

/**
 * The way to the next token: one round of requests at a time, shared by all who wait, never two requests closer
 * together than the floor.
 */
export class TokenAcquisition {
  readonly #host: TokenAcquisitionHost;
  #round: Round | undefined;
  #failedRounds = 0;
  #failed: FailedRound | undefined;
  #lastAnswerRefused = false;
  #notBeforeMonotonicMs = Number.NEGATIVE_INFINITY;

  constructor(host: TokenAcquisitionHost) {
    this.#host = host;
  }

  get inProgress(): boolean {
    return this.#round !== undefined;
  }

  /** Time until the next request is allowed, in ms. */
  get pauseMs(): number {
    return Math.max(0, this.#notBeforeMonotonicMs - this.#host.clock.monotonic());
  }

  /**
   * The last round's failure, while waiting for the next round would be long or useless: a refusal that only a change
   * of configuration can mend, or a pause longer than the back-off's longest.
   */
  get standingFailure(): EntraIdError | undefined {
    const { pauseMs } = this;
    if (this.#failed === undefined || this.#round !== undefined || pauseMs === 0) return undefined;
    return !this.#failed.retryable || pauseMs > this.#host.retry.maxDelayMs ? this.#failed.error : undefined;
  }

  /** Starts a round unless one is in progress. */
  start(forceRefresh: boolean): void {
    this.#round ??= this.#startRound(forceRefresh);
  }

  /** The next token, from the round in progress or a new one. A caller's `signal` frees that caller only. */
  join(forceRefresh: boolean, signal: AbortSignal | undefined): Promise<Token> {
    this.#round ??= this.#startRound(forceRefresh);
    const round = this.#round;
    round.waiters++;
    if (signal === undefined) return round.promise;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        round.waiters--;
        reject(new EntraIdError('ABORTED', 'the wait for a token was aborted', { cause: signal.reason }));
        this.abandonIfUnwanted();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const leave = (): void => signal.removeEventListener('abort', onAbort);
      round.promise.then(resolve, reject).finally(leave);
    });
  }

  /** Ends the round in progress when neither a caller nor a subscriber is left. */
  abandonIfUnwanted(): void {
    if (this.#round !== undefined && this.#round.waiters === 0 && !this.#host.isWanted()) {
      this.abort(new EntraIdError('ABORTED', 'nobody waits for the token any more'));
    }
  }

  /** Ends the round in progress: whoever waits is rejected with `reason`. */
  abort(reason: EntraIdError): void {
    const round = this.#round;
    this.#round = undefined;
    round?.controller.abort(reason);
  }

  #startRound(forceRefresh: boolean): Round {
    const { retry, random } = this.#host;
    const controller = new AbortController();
    const { signal } = controller;
    const run = (): Promise<Token | FailedRound> =>
      runTokenRound({
        retry,
        random,
        signal,
        waitMs: () => this.pauseMs,
        sleep: (delayMs) => this.#sleep(delayMs, round),
        request: () => this.#request(forceRefresh, round),
        onFailure: (error, attempt, nextAttemptInMs) =>
          this.#host.onAttemptFailed(error, attempt, nextAttemptInMs),
      });
    const round: Round = {
      controller,
      waiters: 0,
      answeredLate: false,
      // One microtask later the caller that started it counts as a waiter.
      promise: Promise.resolve()
        .then(run)
        .then((outcome) => this.#settle(round, outcome)),
    };
    // Each waiter handles the rejection for itself; what nobody waits for is reported by onRoundEnded.
    round.promise.catch(() => {});
    return round;
  }

  async #request(forceRefresh: boolean, round: Round): Promise<Token> {
    const late = round.answeredLate ? this.#host.currentToken() : undefined;
    if (late !== undefined) return late;
    const { identityProvider, clock, requestTimeoutMs } = this.#host;
    const startedMs = clock.monotonic();
    const durationMs = (): number => clock.monotonic() - startedMs;
    this.#holdBack(this.#host.minRequestIntervalMs);
    try {
      const response = await requestToken({
        identityProvider,
        // What the source's own cache would answer is already here, or was of no use.
        forceRefresh: forceRefresh || this.#lastAnswerRefused || this.#host.holdsToken(),
        signal: round.controller.signal,
        timeoutMs: requestTimeoutMs,
        clock,
        keepAlive: round.waiters > 0,
        onLateAnswer: (late) => this.#acceptLate(late, durationMs(), round),
      });
      this.#lastAnswerRefused = true;
      const token = this.#host.accept(response, durationMs());
      this.#lastAnswerRefused = false;
      return token;
    } finally {
      this.#holdBack(this.#host.minRequestIntervalMs);
    }
  }

  #acceptLate(response: IdentityProviderResponse, durationMs: number, round: Round): void {
    if (round.controller.signal.aborted) return;
    try {
      this.#host.accept(response, durationMs);
      round.answeredLate = true;
    } catch {
      return; // The attempt has already been reported as timed out.
    }
    if (this.#round !== round) this.#host.onRoundEnded(this.pauseMs);
  }

  #settle(round: Round, ended: Token | FailedRound): Token {
    const outcome = (round.answeredLate ? this.#host.currentToken() : undefined) ?? ended;
    if (round.controller.signal.aborted) throw round.controller.signal.reason;
    this.#round = undefined;
    if (!('error' in outcome)) {
      this.#failed = undefined;
      this.#failedRounds = 0;
      this.#host.onRoundEnded(this.pauseMs);
      return outcome;
    }
    const { error, retryable } = outcome;
    const { retry, random } = this.#host;
    this.#failed = outcome;
    this.#failedRounds++;
    const delayMs = retryable
      ? roundDelayMs(this.#failedRounds, retry, this.#host.remainingMs(), random())
      : FATAL_ROUND_DELAY_MS;
    this.#holdBack(Math.max(delayMs, Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS)));
    this.#host.onRoundEnded(this.pauseMs, error);
    throw error;
  }

  /** No request before this time has passed; never shortens an earlier promise. */
  #holdBack(delayMs: number): void {
    this.#notBeforeMonotonicMs = Math.max(this.#notBeforeMonotonicMs, this.#host.clock.monotonic() + delayMs);
  }

  #sleep(delayMs: number, round: Round): Promise<void> {
    const { signal } = round.controller;
    if (delayMs <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        cancel();
        reject(signal.reason as EntraIdError);
      };
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const cancel = scheduleByWallClock(this.#host.clock, delayMs, wake, round.waiters > 0);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
