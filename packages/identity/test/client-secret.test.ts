import { inspect } from 'node:util';
import type { INetworkModule } from '@azure/msal-node';
import type { IdentityProvider } from '@entraid/core';
import { describe, expect, it } from '@jest/globals';
import { type ClientSecretOptions, clientSecret, type NetworkClient } from '../src/index.js';
import {
  CLIENT_ID,
  EntraStub,
  granted,
  openIdConfiguration,
  refusal,
  SECRET,
  TENANT_ID,
} from './fixtures/entra-stub.js';
import { rejection } from './fixtures/rejection.js';

const VALID: ClientSecretOptions = { tenantId: TENANT_ID, clientId: CLIENT_ID, clientSecret: SECRET };

async function refusalOf(options: unknown): Promise<string> {
  const error = await rejection(() => clientSecret(options as ClientSecretOptions));
  expect(error.code).toBe('INVALID_OPTION');
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(SECRET);
  return error.message;
}

async function tokenOf(provider: IdentityProvider, forceRefresh = false): Promise<string> {
  const response = await provider.requestToken({ signal: new AbortController().signal, forceRefresh });
  if (response.type !== 'AuthResult') throw new Error(`unexpected type ${response.type}`);
  return response.authResult.accessToken;
}

describe('clientSecret, at construction', () => {
  it('F1: makes a provider from tenant, application id and secret, with the default authority', () => {
    expect(typeof clientSecret(VALID).requestToken).toBe('function');
  });

  it.each([[undefined], [''], ['  '], [Number.NaN], [null], [{}], [`${CLIENT_ID}\n`]])(
    'F2: refuses %p as clientId',
    async (clientId) => {
      expect(await refusalOf({ ...VALID, clientId })).toContain('clientId');
    },
  );

  it('F4: refuses an unknown type of authority', async () => {
    expect(await refusalOf({ ...VALID, authority: { type: 'single' } })).toContain('authority.type');
  });

  it.each([[undefined], [''], ['  '], [Number.NaN], [null], [{}], [`${SECRET}\n`], [` ${SECRET}`]])(
    'F5: refuses %p as clientSecret without printing it',
    async (secret) => {
      expect(await refusalOf({ ...VALID, clientSecret: secret })).toContain('clientSecret');
    },
  );

  it('A1: refuses to start without a tenant, and says that client credentials need one', async () => {
    const { tenantId: _, ...rest } = VALID;
    expect(await refusalOf(rest)).toContain('client credentials always need the tenant');
    expect(await refusalOf({ ...VALID, tenantId: 'common' })).toContain('no tenant at /common');
  });

  it('refuses an option it does not know, and names those it does', async () => {
    expect(await refusalOf({ ...VALID, secret: SECRET })).toBe(
      'unknown option secret for clientSecret(); known: clientSecret, tenantId, clientId, scopes, authority, cloud, ' +
        'knownAuthorities, disableInstanceDiscovery, networkClient',
    );
  });

  it.each([[SECRET], [undefined], [null], [7]])('refuses %p in place of the options', async (options) => {
    expect(await refusalOf(options)).toMatch(
      /takes an object of options, got (string|undefined|object|number)$/,
    );
  });

  it.each([[null], [{}], ['http://proxy'], [{ sendGetRequestAsync() {} }], [{ sendPostRequestAsync() {} }]])(
    'refuses %p as networkClient',
    async (networkClient) => {
      expect(await refusalOf({ ...VALID, networkClient })).toContain('networkClient.send');
    },
  );

  it('reads its options once: changing them later changes nothing', async () => {
    const stub = new EntraStub(granted('a.b.c'));
    const options = { ...VALID, networkClient: stub };
    const provider = clientSecret(options);
    Object.assign(options, { clientSecret: 'another-secret', tenantId: 'another.tenant' });
    await tokenOf(provider);
    expect(stub.sent[0]?.url).toContain(TENANT_ID);
    expect(new URLSearchParams(stub.sent[0]?.body).get('client_secret')).toBe(SECRET);
  });

  it("takes every implementation of MSAL's INetworkModule as networkClient", () => {
    const fromMsal = (client: INetworkModule): NetworkClient => client;
    expect(fromMsal).toBeDefined();
  });
});

describe('clientSecret, on the wire of the real MSAL', () => {
  it('F12: sends the client credentials grant and answers with an AuthResult', async () => {
    const stub = new EntraStub(granted('a.b.c'));
    const before = Date.now();
    const response = await clientSecret({ ...VALID, networkClient: stub }).requestToken({
      signal: new AbortController().signal,
      forceRefresh: false,
    });
    if (response.type !== 'AuthResult') throw new Error(response.type);
    const { accessToken, expiresOn } = response.authResult;
    expect(accessToken).toBe('a.b.c');
    // MSAL counts in whole seconds.
    expect(expiresOn?.getTime()).toBeGreaterThan(before + 3_600_000 - 1000);
    expect(expiresOn?.getTime()).toBeLessThan(Date.now() + 3_600_000 + 1000);
    expect(stub.sent).toHaveLength(1);
    expect(stub.sent[0]?.url).toMatch(
      new RegExp(`^https://login\\.microsoftonline\\.com/${TENANT_ID}/oauth2/v2\\.0/token\\?`),
    );
    expect(Object.fromEntries(new URLSearchParams(stub.sent[0]?.body))).toMatchObject({
      grant_type: 'client_credentials',
      client_id: CLIENT_ID,
      client_secret: SECRET,
      scope: 'https://redis.azure.com/.default',
    });
  });

  it('F12: takes a custom https authority, and discovers its endpoints without asking Microsoft about the host', async () => {
    const stub = new EntraStub(openIdConfiguration('login.contoso.com'), granted('a.b.c'));
    const authority = { type: 'custom', authority: 'https://login.contoso.com/t/v2.0' } as const;
    const { tenantId: _, ...rest } = VALID;
    expect(await tokenOf(clientSecret({ ...rest, authority, networkClient: stub }))).toBe('a.b.c');
    expect(stub.sent.map(({ url }) => new URL(url).host)).toEqual(['login.contoso.com', 'login.contoso.com']);
    expect(stub.sent[0]?.url).toBe('https://login.contoso.com/t/v2.0/.well-known/openid-configuration');
  });

  it('asks Microsoft about the host of a custom authority when disableInstanceDiscovery is false', async () => {
    const stub = new EntraStub(refusal({ status: 400, error: 'invalid_instance', code: 50049 }));
    const provider = clientSecret({
      ...VALID,
      tenantId: 't',
      authority: { type: 'custom', authority: 'https://login.contoso.com/t' },
      disableInstanceDiscovery: false,
      networkClient: stub,
    });
    expect(await rejection(() => tokenOf(provider))).toMatchObject({
      code: 'IDENTITY_REJECTED',
      identityCode: 'AADSTS50049',
      message: expect.stringContaining('knownAuthorities'),
    });
    expect(stub.sent.map(({ method, url }) => [method, new URL(url).host])).toEqual([
      ['GET', 'login.microsoftonline.com'],
    ]);
  });

  it('takes an issuer on another host from knownAuthorities, and refuses it otherwise', async () => {
    const authority = { type: 'custom', authority: 'https://login.contoso.com/t' } as const;
    const request = (knownAuthorities: readonly string[]): Promise<string> => {
      const stub = new EntraStub(
        openIdConfiguration('login.contoso.com', 'issuer.contoso.com'),
        granted('a.b.c'),
      );
      return tokenOf(
        clientSecret({ ...VALID, tenantId: 't', authority, knownAuthorities, networkClient: stub }),
      );
    };
    expect(await request(['issuer.contoso.com'])).toBe('a.b.c');
    expect(await rejection(() => request([]))).toMatchObject({
      code: 'IDENTITY_REJECTED',
      message: expect.stringContaining('list its host in knownAuthorities'),
    });
  });

  it.each([
    ['china', 'login.partner.microsoftonline.cn'],
    ['us-government', 'login.microsoftonline.us'],
    ['bleu', 'login.sovcloud-identity.fr'],
  ] as const)('asks the %s cloud with a single request, to %s', async (cloud, host) => {
    const stub = new EntraStub(granted('a.b.c'));
    await tokenOf(clientSecret({ ...VALID, cloud, networkClient: stub }));
    expect(stub.sent.map(({ method, url }) => [method, new URL(url).host])).toEqual([['POST', host]]);
  });

  it('F11: sends the given scopes instead of the default one', async () => {
    const stub = new EntraStub(granted('a.b.c'));
    await tokenOf(clientSecret({ ...VALID, scopes: ['api://redis/.default'], networkClient: stub }));
    expect(new URLSearchParams(stub.sent[0]?.body).get('scope')).toBe('api://redis/.default');
  });

  it("answers a plain request from MSAL's cache, and a forced one with a new token", async () => {
    const stub = new EntraStub(granted('first.x.y'), granted('second.x.y'));
    const provider = clientSecret({ ...VALID, networkClient: stub });
    expect(await tokenOf(provider)).toBe('first.x.y');
    expect(await tokenOf(provider)).toBe('first.x.y');
    expect(stub.sent).toHaveLength(1);
    expect(await tokenOf(provider, true)).toBe('second.x.y');
    expect(await tokenOf(provider)).toBe('second.x.y');
    expect(stub.sent).toHaveLength(2);
  });

  it('does not let the environment choose a region', async () => {
    const before = process.env['MSAL_FORCE_REGION'];
    process.env['MSAL_FORCE_REGION'] = 'westeurope';
    try {
      const stub = new EntraStub(granted('a.b.c'));
      await tokenOf(clientSecret({ ...VALID, networkClient: stub }));
      expect(new URL(stub.sent[0]?.url ?? '').host).toBe('login.microsoftonline.com');
    } finally {
      if (before === undefined) delete process.env['MSAL_FORCE_REGION'];
      else process.env['MSAL_FORCE_REGION'] = before;
    }
  });

  it('F13: keeps the error of MSAL as the cause and returns nothing', async () => {
    const stub = new EntraStub(refusal({ status: 401, error: 'invalid_client', code: 7000215 }));
    const error = await rejection(() => tokenOf(clientSecret({ ...VALID, networkClient: stub })));
    expect(error.cause).toMatchObject({
      name: 'ServerError',
      errorCode: 'invalid_client',
      errorNo: 7000215,
      status: 401,
    });
  });
});

describe('clientSecret and secrets', () => {
  const seen = (value: unknown): string =>
    `${inspect(value, { depth: null, showHidden: true })} ${String(value)}`;

  it('shows no secret and no token in the provider, before and after requests, at any depth', async () => {
    const token = 'eyJhbGciOiJub25lIn0.eyJvaWQiOiJ4In0.c2lnbmF0dXJl';
    const stub = new EntraStub(
      granted(token),
      refusal({ status: 503, error: 'temporarily_unavailable', code: 90033 }),
    );
    const provider = clientSecret({ ...VALID, networkClient: stub });
    expect(seen(provider)).not.toContain(SECRET);
    const response = await provider.requestToken({
      signal: new AbortController().signal,
      forceRefresh: false,
    });
    expect(inspect(response, { depth: null }) + JSON.stringify(response)).not.toContain(token);
    await rejection(() => tokenOf(provider, true));
    const after = seen(provider) + JSON.stringify(provider);
    expect(after).not.toContain(SECRET);
    expect(after).not.toContain(token);
  });

  it('shows no secret in an error, even when the endpoint echoes its input', async () => {
    const echo = new EntraStub((request) =>
      refusal({
        status: 401,
        error: 'invalid_client',
        code: 7000215,
        message: `bad secret ${SECRET} in ${request.body}`,
      }),
    );
    const error = await rejection(() => tokenOf(clientSecret({ ...VALID, networkClient: echo })));
    expect(error.message).toContain('bad secret [redacted]');
    for (const text of [seen(error), JSON.stringify(error), error.stack, seen(error.cause)]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(encodeURIComponent(SECRET));
    }
  });

  it('shows no secret in an error when the networkClient hangs the whole request on it', async () => {
    const leaky = new EntraStub((request) => {
      throw Object.assign(new Error(`POST ${request.body} failed`), {
        code: 'ECONNRESET',
        config: { data: request.body },
      });
    });
    const error = await rejection(() => tokenOf(clientSecret({ ...VALID, networkClient: leaky })));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', cause: { cause: { code: 'ECONNRESET' } } });
    for (const text of [seen(error), JSON.stringify(error), error.stack]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(encodeURIComponent(SECRET));
    }
  });
});
