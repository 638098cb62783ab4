import { EntraIdError, isEntraIdError } from './errors.js';
import { messageOf } from './message-of.js';

/** A connection refused an AUTH: the adapter's own error if it is one of ours, else its cause, named. */
export function refusalError(connectionId: string, cause: unknown): EntraIdError {
  if (isEntraIdError(cause)) return cause;
  const message = `${connectionId} did not take the new token: ${messageOf(cause)}`;
  return new EntraIdError('REAUTHENTICATION_FAILED', message, { cause, connectionId });
}

/** A connection nears its end; `cause` is why it could not be helped so far, if anything is known. */
export function atRiskError(
  connectionId: string,
  expiresInMs: number,
  cause: EntraIdError | undefined,
): EntraIdError {
  const because = cause === undefined ? '' : `: ${cause.message}`;
  const message = `${connectionId} will be closed in ${(expiresInMs / 1000).toFixed(1)} s and has taken no newer token${because}`;
  return new EntraIdError('CONNECTION_AT_RISK', message, { cause, connectionId });
}
