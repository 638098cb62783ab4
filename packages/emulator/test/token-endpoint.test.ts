import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import {
  type IdentityEmulator,
  type IdentityRequestEvent,
  REDIS_SCOPE,
  startIdentityEmulator,
} from '../src/index.js';
import { type HttpsResponse, httpsRequest, postForm } from './https-client.js';

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let identity: IdentityEmulator;

beforeAll(async () => {
  identity = await startIdentityEmulator({ clients: [{}, {}] });
});

afterEach(() => {
  identity.tokenLifetimeMs = 3_600_000;
});

afterAll(() => identity.close());

function tokenUrl(tenant = identity.tenantId): string {
  return `${identity.authorityHost}/${tenant}/oauth2/v2.0/token`;
}

function goodForm(): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_id: identity.clientId,
    client_secret: identity.clientSecret,
    scope: identity.scope,
  };
}

function post(form: Record<string, string>, tenant?: string): Promise<HttpsResponse> {
  return postForm(tokenUrl(tenant), form, { ca: identity.ca });
}

async function verified(token: string) {
  const keys = await httpsRequest(`${identity.authority}/discovery/v2.0/keys`, { ca: identity.ca });
  const jwks = createLocalJWKSet(keys.json() as unknown as JSONWebKeySet);
  return jwtVerify(token, jwks, {
    algorithms: ['RS256'],
    issuer: `https://sts.windows.net/${identity.tenantId}/`,
    audience: 'https://redis.azure.com',
  });
}

describe('token endpoint: a token', () => {
  it('is granted for the right secret, signed by a key of the key set, with the claims of a v1.0 app token', async () => {
    const nowSeconds = Date.now() / 1000;
    const response = await post(goodForm());
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.headers['cache-control']).toBe('no-store, no-cache');
    const body = response.json();
    expect(body).toEqual({
      token_type: 'Bearer',
      expires_in: 3600,
      ext_expires_in: 3600,
      access_token: expect.any(String),
    });
    const { payload, protectedHeader } = await verified(String(body['access_token']));
    const kid = identity.jwks.keys[0]?.kid;
    expect(protectedHeader).toEqual({ typ: 'JWT', alg: 'RS256', kid, x5t: kid });
    expect(payload).toEqual({
      aud: 'https://redis.azure.com',
      iss: `https://sts.windows.net/${identity.tenantId}/`,
      iat: payload.nbf,
      nbf: expect.any(Number),
      exp: expect.any(Number),
      aio: expect.any(String),
      appid: identity.clientId,
      appidacr: '1',
      idp: payload.iss,
      idtyp: 'app',
      oid: identity.objectId,
      rh: expect.any(String),
      sub: identity.objectId,
      tid: identity.tenantId,
      uti: expect.stringMatching(/^[\w-]{22}$/),
      ver: '1.0',
    });
    expect((payload.exp ?? 0) - nowSeconds).toBeGreaterThanOrEqual(3600);
    expect((payload.exp ?? 0) - nowSeconds).toBeLessThan(3602);
    expect(nowSeconds - (payload.iat ?? 0)).toBeGreaterThan(298);
    expect(nowSeconds - (payload.iat ?? 0)).toBeLessThan(302);
  });

  it('differs from every other, be it asked for in the same second', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => post(goodForm())));
    expect(new Set(tokens.map((response) => response.json()['access_token'])).size).toBe(5);
  });

  it('belongs to the client that asked', async () => {
    const [, second] = identity.clients;
    const { clientId = '', clientSecret = '', objectId } = second ?? {};
    const response = await post({ ...goodForm(), client_id: clientId, client_secret: clientSecret });
    const { payload } = await verified(String(response.json()['access_token']));
    expect(payload).toMatchObject({ oid: objectId, appid: clientId });
  });

  it('has the application id as audience when that was the scope', async () => {
    const audience = 'acca5fbb-b7e4-4009-81f1-37e38fd66d78';
    const response = await post({ ...goodForm(), scope: `${audience}/.default` });
    const token = String(response.json()['access_token']);
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      aud: audience,
    });
    expect(decodeProtectedHeader(token).alg).toBe('RS256');
  });

  it('is granted to a client that proves itself in the Authorization header, form-encoded', async () => {
    const client = { clientId: randomUUID(), clientSecret: 'a:b %+é~' };
    await using other = await startIdentityEmulator({ clients: [client] });
    const encode = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);
    const basic = Buffer.from(`${encode(client.clientId)}:${encode(client.clientSecret)}`).toString('base64');
    const response = await postForm(
      `${other.authority}/oauth2/v2.0/token`,
      { grant_type: 'client_credentials', scope: REDIS_SCOPE },
      { ca: other.ca, headers: { authorization: `Basic ${basic}` } },
    );
    expect(response.status).toBe(200);
  });

  it('takes ids in upper case too', async () => {
    const form = { ...goodForm(), client_id: identity.clientId.toUpperCase() };
    expect((await post(form, identity.tenantId.toUpperCase())).status).toBe(200);
  });

  it.each([
    [1000, 1, undefined],
    [1999, 1, undefined],
    [7_199_000, 7199, undefined],
    [7_200_000, 7200, 3600],
    [28 * 3_600_000, 100_800, 50_400],
  ])('lives %i ms when asked to: expires_in %i, refresh_in %s', async (lifetimeMs, expiresIn, refreshIn) => {
    identity.tokenLifetimeMs = lifetimeMs;
    const before = Date.now();
    const body = (await post(goodForm())).json();
    const slack = lifetimeMs % 1000 === 0 ? 0 : 1;
    expect(body['expires_in']).toBeGreaterThanOrEqual(expiresIn);
    expect(body['expires_in']).toBeLessThanOrEqual(expiresIn + slack);
    expect(body['refresh_in']).toBe(refreshIn);
    const token = String(body['access_token']);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      exp: number;
    };
    expect(claims.exp * 1000).toBeGreaterThanOrEqual(before + lifetimeMs);
    expect(claims.exp * 1000).toBeLessThan(Date.now() + lifetimeMs + 1000);
  });

  it.each([999, 28 * 3_600_000 + 1, 1000.5, Number.NaN, '1000'])('lives no %p ms', (lifetimeMs) => {
    expect(() => {
      identity.tokenLifetimeMs = lifetimeMs as number;
    }).toThrow(/tokenLifetimeMs must be an integer from 1000 to 100800000/);
  });
});

describe('token endpoint: refusals', () => {
  const cases: [string, () => Promise<HttpsResponse>, number, string, number, RegExp][] = [
    [
      'a wrong secret',
      () => post({ ...goodForm(), client_secret: 'wrong' }),
      401,
      'invalid_client',
      7000215,
      /^AADSTS7000215: Invalid client secret provided\. .* for a secret added to app '[0-9a-f-]{36}'\./,
    ],
    [
      'the secret of another client',
      () => post({ ...goodForm(), client_secret: identity.clients[1]?.clientSecret ?? '' }),
      401,
      'invalid_client',
      7000215,
      /Invalid client secret/,
    ],
    [
      'no secret',
      () => post({ ...goodForm(), client_secret: '' }),
      401,
      'invalid_client',
      7000218,
      /'client_assertion' or 'client_secret'/,
    ],
    [
      'an assertion, as no key is registered',
      () => post({ ...goodForm(), client_secret: '', client_assertion: 'a.b.c' }),
      401,
      'invalid_client',
      700027,
      /is not registered on application/,
    ],
    [
      'an unknown client',
      () => post({ ...goodForm(), client_id: randomUUID() }),
      400,
      'unauthorized_client',
      700016,
      /^AADSTS700016: Application with identifier '[0-9a-f-]{36}' was not found in the directory/,
    ],
    [
      'an unknown tenant',
      () => post(goodForm(), randomUUID()),
      400,
      'invalid_request',
      90002,
      /^AADSTS90002: Tenant '[0-9a-f-]{36}' not found\. Check to make sure/,
    ],
    [
      '/common',
      () => post(goodForm(), 'common'),
      400,
      'invalid_request',
      9001023,
      /tenant-specific endpoint/,
    ],
    ['/consumers', () => post(goodForm(), 'consumers'), 400, 'invalid_request', 9001023, /tenant-specific/],
    ['/organizations', () => post(goodForm(), 'organizations'), 400, 'invalid_request', 50059, /No tenant-/],
    [
      'a grant that is not client_credentials',
      () => post({ ...goodForm(), grant_type: 'password' }),
      400,
      'unsupported_grant_type',
      70003,
      /unsupported grant type 'password'/,
    ],
    [
      'a scope that names a permission',
      () => post({ ...goodForm(), scope: 'https://redis.azure.com/user_impersonation' }),
      400,
      'invalid_scope',
      1002012,
      /must have a scope value with \/\.default/,
    ],
    [
      'two scopes',
      () => post({ ...goodForm(), scope: `${REDIS_SCOPE} openid` }),
      400,
      'invalid_scope',
      70011,
      /input parameter 'scope' is not valid/,
    ],
    [
      'a resource that is not there',
      () => post({ ...goodForm(), scope: 'https://rediss.azure.com/.default' }),
      400,
      'invalid_resource',
      500011,
      /resource principal named https:\/\/rediss\.azure\.com was not found in the tenant/,
    ],
    ['no grant_type', () => post({}), 400, 'invalid_request', 900144, /following parameter: 'grant_type'/],
    [
      'no client_id',
      () => post({ ...goodForm(), client_id: '' }),
      400,
      'invalid_request',
      900144,
      /following parameter: 'client_id'/,
    ],
    [
      'no scope',
      () => post({ ...goodForm(), scope: '' }),
      400,
      'invalid_request',
      900144,
      /following parameter: 'scope'/,
    ],
    [
      'a JSON body',
      () =>
        httpsRequest(tokenUrl(), {
          ca: identity.ca,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(goodForm()),
        }),
      400,
      'invalid_request',
      900144,
      /following parameter: 'grant_type'/,
    ],
    [
      'a GET',
      () => httpsRequest(`${tokenUrl()}?${new URLSearchParams(goodForm()).toString()}`, { ca: identity.ca }),
      400,
      'invalid_request',
      900561,
      /only accepts POST requests\. Received a GET request/,
    ],
  ];

  it.each(
    cases.map(([name, send, ...wanted]) => ({ name, send, wanted, status: wanted[0], code: wanted[2] })),
  )(
    'refuses $name with $status AADSTS$code',
    async ({ send, wanted: [status, error, code, description] }) => {
      const issued = identity.issued;
      const response = await send();
      expect(response.status).toBe(status);
      const body = response.json();
      expect(Object.keys(body)).toEqual([
        'error',
        'error_description',
        'error_codes',
        'timestamp',
        'trace_id',
        'correlation_id',
        'error_uri',
      ]);
      expect(body['error']).toBe(error);
      expect(body['error_codes']).toEqual([code]);
      expect(body['error_uri']).toBe(`https://login.microsoftonline.com/error?code=${code}`);
      expect(body['timestamp']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
      expect(body['trace_id']).toMatch(GUID);
      expect(body['correlation_id']).toMatch(GUID);
      expect(body['error_description']).toMatch(description);
      expect(String(body['error_description']).split('\r\n').slice(1)).toEqual([
        `Trace ID: ${String(body['trace_id'])}`,
        `Correlation ID: ${String(body['correlation_id'])}`,
        `Timestamp: ${String(body['timestamp'])}`,
      ]);
      expect(response.headers['x-ms-request-id']).toBe(body['trace_id']);
      expect(response.body).not.toContain(identity.clientSecret);
      expect(identity.issued).toBe(issued);
    },
  );

  it('names the correlation id of the caller, from the header or the query', async () => {
    const id = randomUUID();
    const wrong = { ...goodForm(), client_secret: 'wrong' };
    const headers = { 'client-request-id': id, 'return-client-request-id': 'true' };
    const byHeader = await postForm(tokenUrl(), wrong, { ca: identity.ca, headers });
    expect(byHeader.json()['correlation_id']).toBe(id);
    expect(byHeader.headers['client-request-id']).toBe(id);
    const byQuery = await postForm(`${tokenUrl()}?client-request-id=${id}`, wrong, { ca: identity.ca });
    expect(byQuery.json()['correlation_id']).toBe(id);
    expect(byQuery.headers['client-request-id']).toBeUndefined();
  });

  it.each([256 * 1024 - 4, 256 * 1024 - 3])('reads bodies of up to 262144 bytes: 4 + %i', async (length) => {
    const response = await post({ pad: 'x'.repeat(length) });
    expect(response.status).toBe(length + 4 > 256 * 1024 ? 413 : 400);
  });

  it('answers a body of 8 MB with 413 too', async () => {
    expect((await post({ pad: 'x'.repeat(8_000_000) })).status).toBe(413);
  });

  it('answers an unknown path with 404, and odd targets without harm', async () => {
    for (const path of ['/', '//', '/x', `/${identity.tenantId}/oauth2/token`, '/%', '/a/b/../c']) {
      expect((await httpsRequest(`${identity.authorityHost}${path}`, { ca: identity.ca })).status).toBe(404);
    }
    const tail = await post(goodForm());
    expect(tail.status).toBe(200);
  });
});

describe('token endpoint: counters and events', () => {
  it('counts each POST as requested, each token as issued, and reports both without the secret', async () => {
    const seen: IdentityRequestEvent[] = [];
    const stop = identity.on('request', (event) => seen.push(event));
    const received = identity.once('received');
    const { requests, issued } = identity;
    await post(goodForm());
    await post({ ...goodForm(), client_secret: 'wrong' });
    await httpsRequest(tokenUrl(), { ca: identity.ca });
    stop();
    await post(goodForm());
    expect(identity.requests - requests).toBe(3);
    expect(identity.issued - issued).toBe(2);
    expect((await received).correlationId).toMatch(GUID);
    expect(
      seen.map(({ endpoint, method, status, error, errorCode }) => [
        endpoint,
        method,
        status,
        error,
        errorCode,
      ]),
    ).toEqual([
      ['token', 'POST', 200, undefined, undefined],
      ['token', 'POST', 401, 'invalid_client', 7000215],
      ['token', 'GET', 400, 'invalid_request', 900561],
    ]);
    expect(seen[0]).toMatchObject({ clientId: identity.clientId, path: new URL(tokenUrl()).pathname });
    expect(JSON.stringify(seen)).not.toContain(identity.clientSecret);
    expect(JSON.stringify(seen)).not.toContain('eyJ');
  });
});
