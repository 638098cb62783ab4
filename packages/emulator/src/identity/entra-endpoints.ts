import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { instanceDiscovery, openIdConfiguration } from './discovery.js';
import { type EntraRefusal, entraErrorBody, refusals } from './entra-error.js';
import type { EntraTenant, IdentityRequestEvent } from './entra-tenant.js';
import { correlationIdOf, readBody, sendJson } from './http-exchange.js';
import { decideTokenRequest } from './token-endpoint.js';

/** Entra says when to refresh a token only from this life on; the hint is then half of it. */
const REFRESH_HINT_FROM_SECONDS = 7200;
const TENANT_ALIASES = ['common', 'organizations', 'consumers'];

type Endpoint = IdentityRequestEvent['endpoint'];

/** One request on its way to an answer. */
interface Exchange {
  readonly tenant: EntraTenant;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly authorityHost: string;
  readonly url: URL;
  readonly correlationId: string;
}

/** An answer before it is worded. */
type Answer = { readonly endpoint: Endpoint; readonly clientId?: string } & (
  | { readonly body: object; readonly status: number }
  | { readonly refusal: EntraRefusal }
);

/** Answers requests as `login.microsoftonline.com` does, for the one tenant there is. */
export function entraRequestListener(tenant: EntraTenant): RequestListener {
  return (request, response) => {
    const authorityHost = authorityHostOf(request);
    const target = `${authorityHost}${request.url ?? '/'}`;
    const url = new URL(URL.canParse(target) ? target : authorityHost);
    const correlationId = correlationIdOf(request, url) ?? randomUUID();
    const exchange = { tenant, request, response, authorityHost, url, correlationId };
    route(exchange).then(
      (answer) => send(exchange, answer),
      // Only a client that went away ends here; there is nobody left to answer.
      () => response.destroy(),
    );
  };
}

async function route(exchange: Exchange): Promise<Answer> {
  const { authorityHost, url, request, tenant } = exchange;
  const [, tenantName = '', ...rest] = url.pathname.split('/');
  const path = rest.join('/');
  if (path === 'oauth2/v2.0/token') return answerToken(exchange, tenantName);
  request.resume();
  const notFound: Answer = { endpoint: 'unknown', status: 404, body: { error: 'not_found' } };
  if (request.method !== 'GET') return notFound;
  if (url.pathname === '/common/discovery/instance') {
    const body = instanceDiscovery(authorityHost, url.searchParams.get('authorization_endpoint'));
    if (body === undefined) return { endpoint: 'instance', refusal: refusals.instanceUnknown() };
    return { endpoint: 'instance', status: 200, body };
  }
  const name = tenantName.toLowerCase();
  const known = name === tenant.tenantId || TENANT_ALIASES.includes(name);
  const unknownTenant = refusals.tenantNotFound(tenantName, 'invalid_tenant');
  if (path === 'v2.0/.well-known/openid-configuration') {
    const endpoint = 'openid-configuration';
    if (!known) return { endpoint, refusal: unknownTenant };
    return { endpoint, status: 200, body: openIdConfiguration(authorityHost, name) };
  }
  if (path === 'discovery/v2.0/keys') {
    if (!known) return { endpoint: 'keys', refusal: unknownTenant };
    return { endpoint: 'keys', status: 200, body: tenant.jwks };
  }
  return notFound;
}

async function answerToken(exchange: Exchange, tenantName: string): Promise<Answer> {
  const { tenant, request, response, correlationId } = exchange;
  const endpoint = 'token';
  const method = request.method ?? '';
  const body = await readBody(request);
  if (body === undefined) return { endpoint, status: 413, body: { error: 'invalid_request' } };
  if (method === 'POST') {
    tenant.requests += 1;
    tenant.events.emit('received', { correlationId, at: Date.now() });
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    await tenant.faults.hold(gone.signal);
    const failure = tenant.faults.takeFailure();
    if (failure !== undefined) return { endpoint, refusal: failure };
  }
  const decision = decideTokenRequest(
    {
      tenant: tenantName,
      method,
      contentType: (request.headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase(),
      authorization: request.headers.authorization,
      body,
    },
    tenant.tenantId,
    tenant.clients,
  );
  if (!decision.granted) return { endpoint, ...decision };
  const { accessToken, expiresInSeconds } = tenant.grant(decision.client, decision.audience);
  const hasHint = expiresInSeconds >= REFRESH_HINT_FROM_SECONDS;
  return {
    endpoint,
    clientId: decision.client.clientId,
    status: 200,
    body: {
      token_type: 'Bearer',
      expires_in: expiresInSeconds,
      ext_expires_in: expiresInSeconds,
      ...(hasHint ? { refresh_in: Math.floor(expiresInSeconds / 2) } : {}),
      access_token: accessToken,
    },
  };
}

function send(exchange: Exchange, answer: Answer): void {
  const { tenant, request, response, url, correlationId } = exchange;
  const traceId = randomUUID();
  const headers: Record<string, string> = { 'x-ms-request-id': traceId };
  if (request.headers['return-client-request-id'] === 'true') headers['client-request-id'] = correlationId;
  const event = {
    endpoint: answer.endpoint,
    method: request.method ?? '',
    path: url.pathname,
    ...(answer.clientId === undefined ? {} : { clientId: answer.clientId }),
    correlationId,
    at: Date.now(),
  };
  if ('refusal' in answer) {
    const { status, error, errorCode, retryAfterSeconds } = answer.refusal;
    if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
    sendJson(response, status, entraErrorBody(answer.refusal, { traceId, correlationId }, event.at), headers);
    tenant.events.emit('request', { ...event, status, error, errorCode });
  } else {
    sendJson(response, answer.status, answer.body, headers);
    tenant.events.emit('request', { ...event, status: answer.status });
  }
}

/** The address the caller used, so that `issuer` and endpoints agree with it: MSAL compares them. */
function authorityHostOf(request: IncomingMessage): string {
  const port = request.socket.localPort ?? 443;
  const asked = request.headers.host ?? '';
  const known = ['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`);
  return `https://${known.includes(asked) ? asked : `localhost:${port}`}`;
}
