/** How a round of token requests is spaced, and which failures end it. */
export interface RetryPolicy {
  /** Requests in a round, the first one included; integer from 1 to 100. Default 3. */
  readonly maxAttempts: number;
  /** Upper bound of the first wait, in ms from 1 to 3,600,000. Default 1000. */
  readonly initialDelayMs: number;
  /** No wait between two requests of a round is longer, in ms from 1 to 3,600,000. Default 10,000. */
  readonly maxDelayMs: number;
  /** Growth of the bound from wait to wait, from 1 to 100. Default 2. */
  readonly backoffMultiplier: number;
  /** Whether a failure is worth repeating within the round. Default: {@link classifyFailure}. */
  readonly isRetryable?: ((error: unknown) => boolean) | undefined;
}

/** While a source is down, rounds are at most this far apart, in ms: recovery is noticed within it. */
export const MAX_ROUND_DELAY_MS = 60_000;

/** No source is left alone for longer than this, whatever it asks for; msal-common 16 heeds as much. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/** How long a refusal that only a change of configuration can mend is left alone, in ms. Secrets do get rotated. */
export const FATAL_ROUND_DELAY_MS = 60_000;

/**
 * The wait before request `attempt + 1` of a round, in ms: exponential with full jitter, uniform from 0 to the bound
 * (`initialDelayMs * backoffMultiplier^(attempt - 1)`, capped). `attempt` counts from 1, `random` is from 0 up to 1.
 */
export function retryDelayMs(attempt: number, policy: RetryPolicy, random: number): number {
  const boundMs = Math.min(
    policy.maxDelayMs,
    policy.initialDelayMs * policy.backoffMultiplier ** Math.max(0, attempt - 1),
  );
  return Math.floor(random * boundMs);
}

/**
 * The wait between a failed round and the next one, in ms: `maxDelayMs`, doubled with each further failed round up to
 * {@link MAX_ROUND_DELAY_MS} (or `maxDelayMs` itself, if longer), the upper half of it jittered so that the processes
 * of a fleet do not return together. While a token is still valid, never more than half of its remaining life.
 */
export function roundDelayMs(
  failedRounds: number,
  policy: RetryPolicy,
  remainingMs: number,
  random: number,
): number {
  const capMs = Math.max(policy.maxDelayMs, MAX_ROUND_DELAY_MS);
  const boundMs = Math.min(capMs, policy.maxDelayMs * 2 ** Math.min(30, Math.max(0, failedRounds - 1)));
  const delayMs = Math.floor(boundMs / 2 + (random * boundMs) / 2);
  return remainingMs > 0 ? Math.min(delayMs, Math.floor(remainingMs / 2)) : delayMs;
}
