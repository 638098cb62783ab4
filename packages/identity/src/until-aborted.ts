import { EntraIdError, isEntraIdError } from '@entraid/core';

/**
 * `task`, or the signal's error as soon as it fires: some of what a task waits for (a module, an application's own
 * network client) cannot be aborted. What becomes of the task after that is nobody's concern.
 */
export function untilAborted<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    task()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** A manager gives its own error as the reason; `AbortSignal.timeout()` and `abort()` give a `DOMException`. */
function abortError({ reason }: AbortSignal): EntraIdError {
  if (isEntraIdError(reason)) return reason;
  if ((reason as { name?: unknown } | undefined)?.name === 'TimeoutError') {
    return new EntraIdError('IDENTITY_UNAVAILABLE', 'the token request timed out', { cause: reason });
  }
  return new EntraIdError('ABORTED', 'the token request was aborted', { cause: reason });
}
