import type { IdentityProvider } from '@entraid/core';
import {
  type ConfidentialClientOptions,
  checkTrimmed,
  resolveConfidentialClientOptions,
} from './confidential-client-options.js';
import { MsalConfidentialClient } from './msal-confidential-client.js';

/** The options of {@link clientSecret}. */
export interface ClientSecretOptions extends ConfidentialClientOptions {
  /** The secret's value (not its id) from App registrations > Certificates & secrets. */
  readonly clientSecret: string;
}

/**
 * Tokens for an application that proves itself with a client secret: the client credentials grant at the v2.0 endpoint
 * of Entra ID, through `@azure/msal-node`, which is loaded by the first request.
 *
 * `forceRefresh` bypasses MSAL's cache. Throws `INVALID_OPTION`. Requests reject with `IDENTITY_REJECTED` (wrong or
 * expired secret, unknown application or tenant, missing resource; the message says what to do),
 * `IDENTITY_UNAVAILABLE` (network, timeout, 408, 429, 5xx, or MSAL's own pause after them, with `retryAfterMs`),
 * `ABORTED`, or `DEPENDENCY_MISSING`. `identityCode` is the AADSTS code, else OAuth's error.
 *
 * Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow; msal-node 7.2.
 */
export function clientSecret(options: ClientSecretOptions): IdentityProvider {
  const configuration = resolveConfidentialClientOptions('clientSecret', options, ['clientSecret']);
  return new MsalConfidentialClient(configuration, {
    clientSecret: checkTrimmed('clientSecret', options.clientSecret),
  });
}
