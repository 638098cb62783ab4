import { checkKnownOptions, checkOneOf, checkString, EntraIdError } from '@entraid/core';
import { cloudAuthorityHost } from './cloud.js';

/**
 * Which Entra ID tenant issues the tokens:
 *
 * - `default`: the tenant given as `tenantId`, at the authority host of `cloud`.
 * - `multi-tenant`: the tenant given here. An application of any tenant still asks one tenant for its token.
 * - `custom`: a URL `https://host/tenant`, for a host that is not in `cloud`'s table. A trailing `/v2.0` is ignored.
 */
export type AuthorityOptions =
  | { readonly type: 'default' }
  | { readonly type: 'multi-tenant'; readonly tenantId: string }
  | { readonly type: 'custom'; readonly authority: string };

/** The options that {@link resolveAuthority} reads. */
export interface AuthoritySettings {
  readonly tenantId?: unknown;
  readonly authority?: unknown;
  readonly cloud?: unknown;
}

/** An authority that MSAL takes for client credentials. */
export interface Authority {
  /** `https://host[:port]/tenant`, without a trailing slash. */
  readonly url: string;
  /** `host[:port]`. */
  readonly host: string;
  /** GUID or domain name. */
  readonly tenantId: string;
}

/** GUIDs and domain names: what `@azure/identity` 4.14 accepts as a tenant id. */
const TENANT_ID = /^[0-9A-Za-z.-]+$/;

/** Endpoints that stand for "whoever signs in": nobody does, so MSAL refuses them (`missing_tenant_id_error`). */
const TENANTLESS: ReadonlySet<string> = new Set(['common', 'organizations', 'consumers']);

/** The authority for client credentials. Throws `INVALID_OPTION`. */
export function resolveAuthority({ tenantId, authority = {}, cloud }: AuthoritySettings): Authority {
  checkKnownOptions('authority', authority, ['type', 'tenantId', 'authority']);
  const { type = 'default', ...rest } = authority as { readonly type?: unknown };
  switch (checkOneOf('authority.type', type, ['default', 'multi-tenant', 'custom'])) {
    case 'default':
      checkKnownOptions("authority of type 'default'", rest, []);
      return tenantAuthority('tenantId', tenantId, cloud);
    case 'multi-tenant': {
      checkKnownOptions("authority of type 'multi-tenant'", rest, ['tenantId']);
      const named = tenantAuthority('authority.tenantId', (rest as { tenantId?: unknown }).tenantId, cloud);
      return sameTenant(named, tenantId);
    }
    case 'custom':
      checkKnownOptions("authority of type 'custom'", rest, ['authority']);
      if (cloud !== undefined) {
        throw invalid(
          "cloud and an authority of type 'custom' both name the authority host; give one of them",
        );
      }
      return sameTenant(customAuthority((rest as { authority?: unknown }).authority), tenantId);
  }
}

function tenantAuthority(optionName: string, tenantId: unknown, cloud: unknown): Authority {
  const host = cloudAuthorityHost(cloud);
  if (tenantId === undefined || tenantId === '') {
    throw invalid(
      `${optionName} is missing: client credentials always need the tenant that issues the token, ` +
        'its id (a GUID) or one of its domain names',
    );
  }
  const checked = checkTenant(optionName, checkString(optionName, tenantId));
  return { url: `https://${host}/${checked}`, host, tenantId: checked };
}

function customAuthority(authority: unknown): Authority {
  const url = parseUrl(checkString('authority.authority', authority));
  const segments = url.pathname.split('/').filter((segment) => segment !== '');
  if (segments.at(-1)?.toLowerCase() === 'v2.0') segments.pop();
  const [tenantId] = segments;
  if (tenantId === undefined) {
    throw invalid('authority.authority must name the tenant: https://host/tenant, got no path');
  }
  checkTenant('the tenant in authority.authority', tenantId);
  return { url: `https://${url.host}/${segments.join('/')}`, host: url.host, tenantId };
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw invalid('authority.authority must be a URL of the form https://host/tenant');
  const url = new URL(text);
  if (url.protocol !== 'https:') {
    throw invalid(
      `authority.authority must start with https:, got ${url.protocol} The client's secret is sent there`,
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(
      'authority.authority must be a plain https://host/tenant, without credentials, query or fragment',
    );
  }
  return url;
}

function checkTenant(name: string, tenantId: string): string {
  if (!TENANT_ID.test(tenantId)) {
    throw invalid(
      `${name} must be a tenant id (a GUID) or a domain name such as contoso.onmicrosoft.com, ` +
        `got ${JSON.stringify(tenantId.slice(0, 80))}`,
    );
  }
  if (TENANTLESS.has(tenantId.toLowerCase())) {
    throw invalid(
      `${name} must be one tenant: client credentials have no tenant at /${tenantId.toLowerCase()}`,
    );
  }
  return tenantId;
}

/** The two names of a tenant, GUID and domain, cannot be compared here, so it is given once. */
function sameTenant(authority: Authority, tenantId: unknown): Authority {
  if (tenantId === undefined) return authority;
  const other = checkString('tenantId', tenantId);
  if (other.toLowerCase() === authority.tenantId.toLowerCase()) return authority;
  throw invalid(
    `tenantId ${JSON.stringify(other.slice(0, 80))} and the tenant of authority, ${authority.tenantId}, differ; ` +
      'give it once',
  );
}

function invalid(message: string): EntraIdError {
  return new EntraIdError('INVALID_OPTION', message);
}
