import type { EntraIdError } from './errors.js';
import { identityFailure } from './identity-failure.js';
import { type RetryPolicy, retryDelayMs } from './retry-policy.js';
import type { Token } from './token.js';

/** What a round needs of its manager. */
export interface RoundContext {
  readonly retry: RetryPolicy;
  readonly random: () => number;
  /** Fires when nobody wants the token any more. */
  readonly signal: AbortSignal;
  /** Time until the next request is allowed, in ms. */
  waitMs(): number;
  /** Rejects with the signal's reason when it fires. */
  sleep(delayMs: number): Promise<void>;
  request(): Promise<Token>;
  /** A request failed; `nextAttemptInMs` is `undefined` when it was the round's last. */
  onFailure(error: EntraIdError, attempt: number, nextAttemptInMs: number | undefined): void;
}

/** A round that ended without a token. */
export interface FailedRound {
  readonly error: EntraIdError;
  /** `false` when only a change of configuration can help. */
  readonly retryable: boolean;
}

/**
 * Up to `maxAttempts` requests with back-off between them, the first one as soon as it is allowed. Resolves to the
 * token or to what went wrong; rejects only with the signal's reason. The first token and every later one take this path.
 */
export async function runTokenRound(context: RoundContext): Promise<Token | FailedRound> {
  const { retry, random, signal } = context;
  let delayMs = 0;
  for (let attempt = 1; ; attempt++) {
    await context.sleep(Math.max(delayMs, context.waitMs()));
    // Whoever wanted the token may have left in the same turn.
    if (signal.aborted) throw signal.reason;
    try {
      return await context.request();
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const { error, retryable } = identityFailure(cause, retry.isRetryable);
      const retryAfterMs = error.retryAfterMs ?? 0;
      // A source that wants to be left alone for longer than this round waits gets its rest between two rounds.
      const last = !retryable || attempt >= retry.maxAttempts || retryAfterMs > retry.maxDelayMs;
      delayMs = Math.max(retryDelayMs(attempt, retry, random()), retryAfterMs);
      context.onFailure(error, attempt, last ? undefined : Math.max(delayMs, context.waitMs()));
      if (last) return { error, retryable };
    }
  }
}
