import { EntraIdError, isEntraIdError } from './errors.js';
import { classifyFailure } from './failure-classification.js';
import { guard } from './listener-set.js';
import { messageOf } from './message-of.js';

/** A failed request as the manager sees it. */
export interface IdentityFailure {
  readonly error: EntraIdError;
  /** Whether the round goes on. */
  readonly retryable: boolean;
}

/** Gives a failure of any origin its code and decides, by the application's `isRetryable` if there is one, what follows. */
export function identityFailure(
  cause: unknown,
  isRetryable: ((error: unknown) => boolean) | undefined,
): IdentityFailure {
  const byDefault = classifyFailure(cause);
  let retryable = byDefault.retryable;
  if (isRetryable !== undefined) {
    guard(() => {
      retryable = isRetryable(cause);
    });
  }
  if (isEntraIdError(cause)) return { error: cause, retryable };
  const error = new EntraIdError(
    byDefault.retryable ? 'IDENTITY_UNAVAILABLE' : 'IDENTITY_REJECTED',
    `the identity provider gave no token: ${messageOf(cause)}`,
    { ...byDefault, retryable, cause },
  );
  return { error, retryable };
}
