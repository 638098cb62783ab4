/** OpenID configuration of a tenant, or of an alias such as `common`, with the fields that MSAL reads (OpenID Connect Discovery 1.0 section 3). */
export function openIdConfiguration(authorityHost: string, tenant: string): object {
  const alias = ['common', 'organizations', 'consumers'].includes(tenant);
  return {
    token_endpoint: `${authorityHost}/${tenant}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    jwks_uri: `${authorityHost}/${tenant}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    // MSAL wants the authority's own scheme, host and port here (msal-common 16.17); Entra leaves the tenant of an alias open.
    issuer: `${authorityHost}/${alias ? '{tenantid}' : tenant}/v2.0`,
    request_uri_parameter_supported: false,
    authorization_endpoint: `${authorityHost}/${tenant}/oauth2/v2.0/authorize`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${authorityHost}/${tenant}/oauth2/v2.0/logout`,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'oid', 'tid', 'ver'],
    tenant_region_scope: null,
    cloud_instance_name: new URL(authorityHost).host,
  };
}

/**
 * Instance discovery for an authorization endpoint on this host: its one alias, and where to go on.
 * Undefined for an endpoint on another host or that is no address.
 */
export function instanceDiscovery(
  authorityHost: string,
  authorizationEndpoint: string | null,
): object | undefined {
  const host = new URL(authorityHost).host;
  const endpoint = URL.canParse(authorizationEndpoint ?? '')
    ? new URL(authorizationEndpoint ?? '')
    : undefined;
  if (endpoint?.protocol !== 'https:' || endpoint.host !== host) return undefined;
  const tenant = endpoint.pathname.split('/')[1] || 'common';
  return {
    tenant_discovery_endpoint: `${authorityHost}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}
