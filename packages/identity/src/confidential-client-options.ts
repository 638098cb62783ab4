import { checkFunction, checkKnownOptions, checkString, EntraIdError } from '@entraid/core';
import { type Authority, type AuthorityOptions, resolveAuthority } from './authority.js';
import type { Cloud } from './cloud.js';
import { resolveKnownAuthorities } from './known-authorities.js';
import type { NetworkClient } from './network-client.js';
import { resolveScopes } from './scopes.js';

/**
 * What every provider for an application's own identity (a service principal) takes beside its credential. Checked at
 * construction: `INVALID_OPTION` names the bad one. No environment variable is read.
 */
export interface ConfidentialClientOptions {
  /** The tenant that issues the token: its id (a GUID) or a domain name of it. Needed unless `authority` names it. */
  readonly tenantId?: string;
  /** The application (client) id. */
  readonly clientId: string;
  /** Default: {@link REDIS_SCOPE_DEFAULT}. Client credentials take one resource, with `/.default` at its end. */
  readonly scopes?: readonly string[];
  /** Default: `{ type: 'default' }`, that is `tenantId` at the host of `cloud`. */
  readonly authority?: AuthorityOptions;
  /** The cloud whose authority host is asked. Default `public`. Not together with a custom authority. */
  readonly cloud?: Cloud;
  /**
   * Hosts (`host`, `host:port` or their https URL) that are trusted beside the authority itself: an issuer on another
   * host than its authority. Default: none.
   */
  readonly knownAuthorities?: readonly string[];
  /**
   * `false`: before a custom authority gets the credential, MSAL asks `login.microsoftonline.com` whether it knows the
   * host. Private hosts and isolated networks fail that. Default `true`: the host you spell out is trusted. Without
   * effect for Microsoft's own hosts, which MSAL knows.
   */
  readonly disableInstanceDiscovery?: boolean;
  /** Sends the requests instead of the global `fetch`, for instance through a proxy. */
  readonly networkClient?: NetworkClient;
}

/** The options checked, with every default in place. */
export interface ConfidentialClientConfiguration {
  readonly clientId: string;
  readonly authority: Authority;
  readonly knownAuthorities: readonly string[];
  readonly scopes: readonly string[];
  readonly networkClient: NetworkClient | undefined;
}

const OPTION_NAMES: readonly (keyof ConfidentialClientOptions)[] = [
  'tenantId',
  'clientId',
  'scopes',
  'authority',
  'cloud',
  'knownAuthorities',
  'disableInstanceDiscovery',
  'networkClient',
];

/** Checks the options of `owner`, which takes `credentialNames` beside the common ones. Throws `INVALID_OPTION`. */
export function resolveConfidentialClientOptions(
  owner: string,
  options: ConfidentialClientOptions,
  credentialNames: readonly string[],
): ConfidentialClientConfiguration {
  if (typeof options !== 'object' || options === null) {
    // Not checkKnownOptions, which would print a secret given in place of the options.
    throw new EntraIdError('INVALID_OPTION', `${owner}() takes an object of options, got ${typeof options}`);
  }
  checkKnownOptions(`${owner}()`, options, [...credentialNames, ...OPTION_NAMES]);
  const clientId = checkTrimmed('clientId', options.clientId);
  const authority = resolveAuthority(options);
  return {
    clientId,
    authority,
    knownAuthorities: resolveKnownAuthorities(authority, options),
    scopes: resolveScopes(options.scopes),
    networkClient: checkNetworkClient(options.networkClient),
  };
}

/** A string without white space around it, which a value read from a file easily has. Never prints it. */
export function checkTrimmed(name: string, value: unknown): string {
  const text = checkString(name, value);
  if (text === text.trim()) return text;
  throw new EntraIdError(
    'INVALID_OPTION',
    `${name} has white space around it, such as the newline at a file's end`,
  );
}

function checkNetworkClient(networkClient: NetworkClient | undefined): NetworkClient | undefined {
  if (networkClient === undefined) return undefined;
  for (const method of ['sendGetRequestAsync', 'sendPostRequestAsync'] as const) {
    checkFunction(`networkClient.${method}`, networkClient?.[method]);
  }
  return networkClient;
}
