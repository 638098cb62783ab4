import { type CredentialsProvider, createCredentialsProvider, EntraIdError } from '@entraid/core';

/**
 * What the functions of this package take as credentials: the result of `createCredentialsProvider`, or an object that
 * holds one, such as the adapter for another Redis client. Clients given the same one share its token.
 */
export type RedisCredentials = CredentialsProvider | { readonly credentialsProvider: CredentialsProvider };

/**
 * The provider in `credentials`. An identity provider is refused: a provider made here would be one per call, with a token
 * of its own that nobody could close. Throws `INVALID_OPTION`.
 */
export function resolveCredentials(credentials: RedisCredentials): CredentialsProvider {
  const candidate = credentials as Partial<
    CredentialsProvider & { credentialsProvider: CredentialsProvider }
  > | null;
  const isProvider = candidate?.tokenManager !== undefined && candidate.reauthenticator !== undefined;
  if (isProvider || candidate?.credentialsProvider !== undefined)
    return createCredentialsProvider(credentials);
  throw new EntraIdError(
    'INVALID_OPTION',
    `credentials must be made by createCredentialsProvider(), got ${credentials === null ? 'null' : typeof credentials}`,
  );
}
