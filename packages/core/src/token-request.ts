import type { Clock } from './clock.js';
import { EntraIdError } from './errors.js';
import type { IdentityProvider } from './identity-provider.js';
import type { IdentityProviderResponse } from './identity-provider-response.js';

export interface TokenRequest {
  readonly identityProvider: IdentityProvider;
  readonly forceRefresh: boolean;
  /** Ends the request for good: it rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Whether a caller awaits the outcome, so that the process must not end before it. */
  readonly keepAlive: boolean;
  /** An answer that came after the time-out; never after `signal` fired. */
  readonly onLateAnswer: (response: IdentityProviderResponse) => void;
}

/**
 * One request to a source that may throw, hang, ignore its signal or answer late: settles within `timeoutMs`.
 */
export function requestToken(request: TokenRequest): Promise<IdentityProviderResponse> {
  const { identityProvider, forceRefresh, signal, timeoutMs, clock, keepAlive, onLateAnswer } = request;
  const attempt = new AbortController();
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (outcome: () => void): void => {
      if (settled) return;
      settled = true;
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
      outcome();
    };
    const abandon = (reason: unknown): void =>
      settle(() => {
        reject(reason);
        attempt.abort(reason);
      });
    const onAbort = (): void => abandon(signal.reason);
    const onTimeout = (): void =>
      abandon(
        new EntraIdError(
          'IDENTITY_UNAVAILABLE',
          `the identity provider did not answer within ${timeoutMs} ms`,
        ),
      );
    const cancelTimeout = clock.schedule(timeoutMs, onTimeout, keepAlive);
    signal.addEventListener('abort', onAbort, { once: true });

    call(() => identityProvider.requestToken({ signal: attempt.signal, forceRefresh })).then(
      (response) => {
        if (settled && !signal.aborted) onLateAnswer(response);
        else settle(() => resolve(response));
      },
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** A source that throws instead of rejecting is treated alike. */
async function call<T>(run: () => Promise<T>): Promise<T> {
  return run();
}
