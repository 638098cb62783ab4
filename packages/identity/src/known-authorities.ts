import { checkBoolean, EntraIdError } from '@entraid/core';
import type { Authority } from './authority.js';
import { isMicrosoftAuthorityHost } from './cloud.js';

/** The options that {@link resolveKnownAuthorities} reads. */
export interface TrustSettings {
  readonly knownAuthorities?: unknown;
  readonly disableInstanceDiscovery?: unknown;
}

/**
 * The hosts that MSAL trusts with the credential without asking `login.microsoftonline.com` about them ("instance
 * discovery", MSAL.js `knownAuthorities`). An authority that the application itself spells out is trusted for that:
 * Microsoft's service does not know private hosts and refuses them, and an isolated network cannot reach it.
 * `disableInstanceDiscovery: false` asks it all the same. Throws `INVALID_OPTION`.
 */
export function resolveKnownAuthorities(
  authority: Authority,
  { knownAuthorities = [], disableInstanceDiscovery = true }: TrustSettings,
): readonly string[] {
  if (!Array.isArray(knownAuthorities)) {
    throw new EntraIdError(
      'INVALID_OPTION',
      `knownAuthorities must be an array of hosts, got ${knownAuthorities === null ? 'null' : typeof knownAuthorities}`,
    );
  }
  const hosts = new Set(knownAuthorities.map(hostOf));
  const trusted = checkBoolean('disableInstanceDiscovery', disableInstanceDiscovery);
  if (trusted && !isMicrosoftAuthorityHost(authority.host)) hosts.add(authority.host);
  return [...hosts];
}

function hostOf(entry: unknown, index: number): string {
  const text = typeof entry === 'string' ? entry.trim() : '';
  const candidate = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  if (text !== '' && URL.canParse(candidate)) {
    const { protocol, host, username, password } = new URL(candidate);
    if (protocol === 'https:' && host !== '' && username === '' && password === '') return host;
  }
  throw new EntraIdError(
    'INVALID_OPTION',
    `knownAuthorities[${index}] must be a host such as login.contoso.com or login.contoso.com:8443, or its https URL`,
  );
}
