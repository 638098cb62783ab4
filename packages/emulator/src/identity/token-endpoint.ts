import { REDIS_RESOURCE, REDIS_RESOURCE_APP_ID } from './access-token.js';
import type { ClientRegistry, RegisteredClient } from './client-registry.js';
import { type EntraRefusal, refusals } from './entra-error.js';

/** A request to `/{tenant}/oauth2/v2.0/token`, as far as its answer depends on it. */
export interface TokenRequest {
  readonly tenant: string;
  readonly method: string;
  /** Media type without parameters, in lower case; empty when there is none. */
  readonly contentType: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** What the endpoint decides: a token for `client` and `audience`, or a refusal. */
export type TokenDecision =
  | { readonly granted: true; readonly client: RegisteredClient; readonly audience: string }
  | { readonly granted: false; readonly clientId?: string; readonly refusal: EntraRefusal };

const RESOURCES: readonly string[] = [REDIS_RESOURCE, REDIS_RESOURCE_APP_ID];

/**
 * Decides a client credentials request (learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
 * Other grants, assertions and certificates are refused as Entra refuses a client that has none registered.
 */
export function decideTokenRequest(
  request: TokenRequest,
  tenantId: string,
  clients: ClientRegistry,
): TokenDecision {
  const refuse = (refusal: EntraRefusal, clientId?: string): TokenDecision => ({
    granted: false,
    refusal,
    ...(clientId === undefined ? {} : { clientId }),
  });
  if (request.method !== 'POST') return refuse(refusals.methodNotAllowed(request.method));

  // Entra reads nothing from a body of another type, and misses the first parameter it needs.
  const isForm = request.contentType === 'application/x-www-form-urlencoded';
  const form = new URLSearchParams(isForm ? request.body : '');
  const grant = form.get('grant_type');
  if (!grant) return refuse(refusals.parameterMissing('grant_type'));
  if (grant !== 'client_credentials') return refuse(refusals.grantNotSupported(grant));

  const tenant = request.tenant.toLowerCase();
  if (tenant === 'common' || tenant === 'consumers') return refuse(refusals.tenantRequired());
  if (tenant === 'organizations') return refuse(refusals.tenantUnknowable());
  if (tenant !== tenantId) return refuse(refusals.tenantNotFound(request.tenant, 'invalid_request'));

  const basic = basicCredentials(request.authorization);
  const clientId = basic?.clientId ?? form.get('client_id');
  if (!clientId) return refuse(refusals.parameterMissing('client_id'));
  const scope = form.get('scope');
  if (!scope) return refuse(refusals.parameterMissing('scope'), clientId);
  if (/\s/.test(scope.trim())) return refuse(refusals.scopeInvalid(scope), clientId);
  if (!scope.endsWith('/.default')) return refuse(refusals.scopeNotDefault(scope), clientId);

  const client = clients.find(clientId);
  if (client === undefined) return refuse(refusals.clientNotFound(clientId, tenantId), clientId);
  if (form.has('client_assertion')) return refuse(refusals.assertionKeyUnknown(clientId), clientId);
  const secret = basic?.clientSecret ?? form.get('client_secret');
  if (!secret) return refuse(refusals.credentialMissing(), clientId);
  if (secret !== client.clientSecret) return refuse(refusals.secretWrong(clientId), clientId);

  const audience = scope.trim().slice(0, -'/.default'.length);
  if (!RESOURCES.includes(audience)) return refuse(refusals.resourceNotFound(audience, tenantId), clientId);
  return { granted: true, client, audience };
}

/** `client_secret_basic` of RFC 6749 section 2.3.1: both parts form-encoded, then base64. */
function basicCredentials(
  header: string | undefined,
): { readonly clientId: string; readonly clientSecret: string } | undefined {
  const encoded = /^basic\s+([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [clientId, clientSecret] = Buffer.from(encoded, 'base64').toString().split(':', 2);
  if (!clientId || !clientSecret) return undefined;
  return { clientId: formDecoded(clientId), clientSecret: formDecoded(clientSecret) };
}

function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text}`).get('value') ?? '';
}
