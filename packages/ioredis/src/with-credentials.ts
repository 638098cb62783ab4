import { EntraIdError } from '@entraid/core';
import type { RedisOptions } from 'ioredis';
import { type RedisCredentials, resolveCredentials } from './credentials.js';
import { lateBoundCredentials, markWithProvider, providerBehind } from './late-bound.js';
import { refuseOwnCredentials } from './refuse-own-credentials.js';
import { isSignInCommand } from './sign-in.js';
import { createTokenConnector, ownConnector } from './token-connector.js';

/**
 * The same ioredis options, signing in with the current token of `credentials` at every connect and reconnect:
 * `username`, `password` and `Connector` are set (a `Connector` of yours is used underneath), and a `reconnectOnError` is
 * kept away from sign-in errors, which would make it a loop. Give the client made from them to `attach`, or its connections
 * last no longer than the token they started with.
 *
 * Returns a new object of the same type. Options that carry these settings already may be given again.
 * Throws `INVALID_OPTION` when the options contain a user name or a password.
 */
export function withCredentials<Options extends RedisOptions>(
  options: Options,
  credentials: RedisCredentials,
): Options {
  const provider = resolveCredentials(credentials);
  if (typeof options !== 'object' || options === null) {
    throw new EntraIdError(
      'INVALID_OPTION',
      `options must be an object, got ${options === null ? 'null' : typeof options}`,
    );
  }
  refuseOwnCredentials('options', options);
  const { Connector, reconnectOnError } = options;
  return {
    ...options,
    ...lateBoundCredentials(provider),
    Connector:
      providerBehind(Connector) === provider
        ? Connector
        : createTokenConnector(provider, ownConnector(Connector)),
    ...(typeof reconnectOnError === 'function' && providerBehind(reconnectOnError) === undefined
      ? { reconnectOnError: markWithProvider(exceptSignIn(reconnectOnError), provider) }
      : {}),
  };
}

type ReconnectOnError = NonNullable<RedisOptions['reconnectOnError']>;

/** Reconnecting because an AUTH was refused sends the same AUTH again, for ever when the answer is 2 (resend). */
function exceptSignIn(reconnectOnError: ReconnectOnError): ReconnectOnError {
  return (error) => !isSignInCommand(failedCommand(error)) && reconnectOnError(error);
}

function failedCommand(error: Error): string {
  return (error as { command?: { name?: string } }).command?.name ?? '';
}
