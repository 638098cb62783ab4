import {
  type CredentialsProviderOptions,
  type CredentialsSource,
  checkFunction,
  createCredentialsProvider as createCoreCredentialsProvider,
  type EntraIdError,
} from '@entraid/core';
import { NodeRedisCredentialsProvider } from './node-redis-credentials-provider.js';

/** The options of `@entraid/core`'s credentials provider, and one of this package. */
export interface NodeRedisCredentialsProviderOptions extends CredentialsProviderOptions {
  /**
   * Called with an `EntraIdError` when something goes wrong in the background, once per incident: the token cannot be
   * renewed (`IDENTITY_UNAVAILABLE`, `IDENTITY_REJECTED`, ...), a live connection refused the new token
   * (`REAUTHENTICATION_FAILED`), or is about to reach its token's expiry (`CONNECTION_AT_RISK`). The latter two name the
   * connection in `connectionId`. All of it is retried. It may be async; what it throws or rejects with goes to the
   * diagnostics channel `entraid:listener:error`. Default: nobody is told.
   */
  readonly onReAuthenticationError?: (error: EntraIdError) => unknown;
}

/**
 * The `credentialsProvider` for node-redis's `createClient`, `createClientPool`, `createCluster` (under `defaults`) and
 * `createSentinel` (under `nodeClientOptions`).
 *
 * `source` is an identity provider, or, to share one token with other clients, a `TokenManager`, a `CredentialsProvider`
 * or what another adapter's `createCredentialsProvider` returned. What is handed in that way stays open when this provider
 * is closed, and has had its options already. Throws `INVALID_OPTION`.
 */
export function createCredentialsProvider(
  source: CredentialsSource,
  options: NodeRedisCredentialsProviderOptions = {},
): NodeRedisCredentialsProvider {
  const { onReAuthenticationError, ...coreOptions } = options;
  if (onReAuthenticationError !== undefined)
    checkFunction('onReAuthenticationError', onReAuthenticationError);
  return new NodeRedisCredentialsProvider({
    credentialsProvider: createCoreCredentialsProvider(source, coreOptions),
    onReAuthenticationError,
    ownsCredentialsProvider: 'requestToken' in source,
  });
}
