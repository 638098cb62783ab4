import type { EntraIdError } from '@entraid/core';
import { describe, expect, it } from '@jest/globals';
import { clientSecret } from '../src/index.js';
import {
  type Answer,
  CLIENT_ID,
  EntraStub,
  granted,
  refusal,
  SECRET,
  TENANT_ID,
} from './fixtures/entra-stub.js';
import { rejection } from './fixtures/rejection.js';

const signal = new AbortController().signal;
const HTML = { status: 502, headers: {}, body: '<html>Bad gateway</html>' };

function setup(...script: readonly Answer[]): { stub: EntraStub; fail: () => Promise<EntraIdError> } {
  const stub = new EntraStub(...script);
  const provider = clientSecret({
    tenantId: TENANT_ID,
    clientId: CLIENT_ID,
    clientSecret: SECRET,
    networkClient: stub,
  });
  return { stub, fail: () => rejection(() => provider.requestToken({ signal, forceRefresh: true })) };
}

describe('a refusal by Entra ID', () => {
  it.each([
    ['a wrong secret', 401, 'invalid_client', 7000215, "the secret's value, not its id"],
    ['an expired secret', 401, 'invalid_client', 7000222, 'create a new one'],
    ['an unknown application', 400, 'unauthorized_client', 700016, 'clientId is the application (client) id'],
    ['an unknown tenant', 400, 'invalid_request', 90002, 'Check tenantId'],
    ['a tenant without Redis', 400, 'invalid_resource', 500011, 'az ad sp create --id acca5fbb'],
    ['a scope without /.default', 400, 'invalid_scope', 1002012, 'followed by /.default'],
    ['Conditional Access', 400, 'interaction_required', 53003, 'policy of the tenant'],
    ['an AADSTS code without advice', 400, 'invalid_request', 1234, undefined],
  ])(
    'of %s is IDENTITY_REJECTED with its AADSTS code and advice',
    async (_name, status, error, code, advice) => {
      const failure = await setup(refusal({ status, error, code })).fail();
      expect(failure).toMatchObject({
        code: 'IDENTITY_REJECTED',
        retryable: false,
        identityCode: `AADSTS${code}`,
      });
      expect(failure.retryAfterMs).toBeUndefined();
      expect(failure.message).toContain(
        `login.microsoftonline.com refused application ${CLIENT_ID} in tenant ${TENANT_ID} (HTTP ${status}): AADSTS${code}: No.`,
      );
      if (advice !== undefined) expect(failure.message).toContain(advice);
      expect(failure.message).not.toContain('Trace ID');
    },
  );

  it("carries OAuth's error when there is no AADSTS code", async () => {
    const failure = await setup(refusal({ status: 401, error: 'invalid_client' })).fail();
    expect(failure).toMatchObject({ code: 'IDENTITY_REJECTED', identityCode: 'invalid_client' });
  });

  it('takes the AADSTS code out of the description when error_codes is missing', async () => {
    const body = { error: 'invalid_client', error_description: 'AADSTS7000222: expired' };
    const failure = await setup({ status: 401, headers: {}, body }).fail();
    expect(failure.identityCode).toBe('AADSTS7000222');
  });

  it('is heard even with status 200', async () => {
    const failure = await setup(refusal({ status: 200, error: 'invalid_client', code: 7000215 })).fail();
    expect(failure).toMatchObject({ code: 'IDENTITY_REJECTED', identityCode: 'AADSTS7000215' });
  });

  it('cuts a description after 300 characters', async () => {
    const failure = await setup(
      refusal({ status: 400, error: 'invalid_request', message: 'x'.repeat(301) }),
    ).fail();
    expect(failure.message).toContain(`${'x'.repeat(300)}…`);
    expect(failure.message).not.toContain('x'.repeat(301));
  });

  it('asks again at once when called again, as nothing was throttled', async () => {
    const { stub, fail } = setup(refusal({ status: 401, error: 'invalid_client', code: 7000215 }));
    await fail();
    await fail();
    expect(stub.sent).toHaveLength(2);
  });
});

describe('an outage of Entra ID', () => {
  it.each([500, 502, 503, 504])('with HTTP %i is IDENTITY_UNAVAILABLE for 60,000 ms', async (status) => {
    const failure = await setup(refusal({ status, error: 'temporarily_unavailable', code: 90033 })).fail();
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      retryAfterMs: 60_000,
      identityCode: 'AADSTS90033',
    });
  });

  it('with HTTP 429 and Retry-After: 7 asks for 7000 ms', async () => {
    const failure = await setup(
      refusal({
        status: 429,
        error: 'temporarily_unavailable',
        code: 90055,
        headers: { 'Retry-After': '7' },
      }),
    ).fail();
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryAfterMs: 7000,
      identityCode: 'AADSTS90055',
    });
  });

  it.each([['Wed, 21 Oct 2026 07:28:00 GMT'], ['0'], ['-5'], ['soon']])(
    'with Retry-After: %s, which MSAL cannot use, asks for the 60,000 ms that MSAL will wait',
    async (header) => {
      const failure = await setup(
        refusal({ status: 503, error: 'server_error', headers: { 'retry-after': header } }),
      ).fail();
      expect(failure.retryAfterMs).toBe(60_000);
    },
  );

  it('with HTTP 408 has no local pause to wait for', async () => {
    const { stub, fail } = setup(refusal({ status: 408, error: 'request_timeout' }));
    const failure = await fail();
    expect(failure.code).toBe('IDENTITY_UNAVAILABLE');
    expect(failure.retryAfterMs).toBeUndefined();
    await fail();
    expect(stub.sent).toHaveLength(2);
  });

  it('that Entra reports with HTTP 400 and a transient AADSTS code is retried', async () => {
    const failure = await setup(refusal({ status: 400, error: 'invalid_request', code: 90024 })).fail();
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      identityCode: 'AADSTS90024',
    });
  });

  it("is followed by MSAL's own pause: no request goes out, and the error says for how much longer", async () => {
    const { stub, fail } = setup(
      refusal({ status: 503, error: 'temporarily_unavailable', code: 90033 }),
      granted('a.b.c'),
    );
    await fail();
    const failure = await fail();
    expect(stub.sent).toHaveLength(1);
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      identityCode: 'AADSTS90033',
    });
    expect(failure.retryAfterMs).toBeGreaterThan(50_000);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(failure.message).toMatch(
      /MSAL does not ask login\.microsoftonline\.com again for another (60|5\d) s/,
    );
    expect(failure.cause).toMatchObject({ name: 'ServerError' });
  });

  it("is over when MSAL's pause is: after Retry-After: 1 a request goes out again", async () => {
    const { stub, fail } = setup(
      refusal({ status: 503, error: 'temporarily_unavailable', headers: { 'Retry-After': '1' } }),
      refusal({ status: 401, error: 'invalid_client', code: 7000215 }),
    );
    expect((await fail()).retryAfterMs).toBe(1000);
    expect((await fail()).retryAfterMs).toBe(1000);
    expect(stub.sent).toHaveLength(1);
    const realNow = Date.now;
    const resumedAtMs = realNow() + 1001;
    Date.now = () => resumedAtMs;
    try {
      expect((await fail()).code).toBe('IDENTITY_REJECTED');
    } finally {
      Date.now = realNow;
    }
    expect(stub.sent).toHaveLength(2);
  });

  it.each([
    ['an HTML page with 502', HTML, 60_000],
    ['JSON without an OAuth error and 503', { status: 503, headers: {}, body: { message: 'busy' } }, 60_000],
    ['null and 500', { status: 500, headers: {}, body: null }, 60_000],
  ])('that shows as %s is IDENTITY_UNAVAILABLE', async (_name, answer, retryAfterMs) => {
    const failure = await setup(answer).fail();
    expect(failure).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', retryAfterMs });
    expect(failure.identityCode).toBeUndefined();
    expect(failure.message).toContain(`(HTTP ${answer.status})`);
  });

  it('that shows as a page of a proxy with 403 is IDENTITY_REJECTED', async () => {
    const failure = await setup({ status: 403, headers: {}, body: '<html>' }).fail();
    expect(failure.code).toBe('IDENTITY_REJECTED');
  });
});

describe('no usable answer', () => {
  it('keeps the network error as the cause of the error of MSAL, and names its code', async () => {
    const failure = await setup(() => {
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:443'), { code: 'ECONNREFUSED' }),
      });
    }).fail();
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
      message: 'no usable answer from login.microsoftonline.com: connect ECONNREFUSED 10.0.0.1:443',
      cause: {
        errorCode: 'network_error',
        cause: { message: 'fetch failed', cause: { code: 'ECONNREFUSED' } },
      },
    });
  });

  it.each([
    ['HTTP 200 with HTML', { status: 200, headers: {}, body: undefined }, 'not a JSON object'],
    ['HTTP 200 with an array', { status: 200, headers: {}, body: [] }, 'not a JSON object'],
    [
      'HTTP 200 without a token',
      { status: 200, headers: {}, body: { expires_in: 3600 } },
      'without an access_token',
    ],
    ['HTTP 200 with an empty token', granted(''), 'without an access_token'],
  ])('%s is IDENTITY_UNAVAILABLE and does not stay in the cache of MSAL', async (_name, answer, message) => {
    const stub = new EntraStub(answer, granted('a.b.c'));
    const provider = clientSecret({
      tenantId: TENANT_ID,
      clientId: CLIENT_ID,
      clientSecret: SECRET,
      networkClient: stub,
    });
    const failure = await rejection(() => provider.requestToken({ signal, forceRefresh: false }));
    expect(failure.code).toBe('IDENTITY_UNAVAILABLE');
    expect(failure.message).toContain(message);
    expect(await provider.requestToken({ signal, forceRefresh: false })).toMatchObject({
      authResult: { accessToken: 'a.b.c' },
    });
  });

  it('from a networkClient that resolves to nothing is IDENTITY_UNAVAILABLE', async () => {
    const failure = await setup(() => undefined as never).fail();
    expect(failure.message).toContain('the networkClient gave no response');
  });
});

describe('a failed discovery of a custom authority', () => {
  const fail = (...script: readonly Answer[]): Promise<EntraIdError> => {
    const provider = clientSecret({
      clientId: CLIENT_ID,
      clientSecret: SECRET,
      authority: { type: 'custom', authority: 'https://login.contoso.com/t' },
      networkClient: new EntraStub(...script),
    });
    return rejection(() => provider.requestToken({ signal, forceRefresh: false }));
  };

  it('is IDENTITY_REJECTED when the authority does not know the tenant, which MSAL alone does not tell', async () => {
    expect(await fail(refusal({ status: 400, error: 'invalid_tenant', code: 90002 }))).toMatchObject({
      code: 'IDENTITY_REJECTED',
      identityCode: 'AADSTS90002',
      message: expect.stringContaining('Check tenantId'),
      cause: { errorCode: 'endpoints_resolution_error' },
    });
  });

  it('is IDENTITY_UNAVAILABLE when the authority is down, without a pause of MSAL', async () => {
    const down = await fail(HTML);
    expect(down.code).toBe('IDENTITY_UNAVAILABLE');
    expect(down.retryAfterMs).toBeUndefined();
    const busy = await fail({ ...HTML, headers: { 'Retry-After': '9' } });
    expect(busy.retryAfterMs).toBe(9000);
  });

  it('is IDENTITY_UNAVAILABLE with the network error at the end of the causes when nobody answers', async () => {
    const failure = await fail(() => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND login.contoso.com'), { code: 'ENOTFOUND' });
    });
    expect(failure).toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      cause: { errorCode: 'endpoints_resolution_error', cause: { code: 'ENOTFOUND' } },
    });
  });

  it('is IDENTITY_REJECTED when what is there is no OpenID configuration', async () => {
    const failure = await fail({ status: 200, headers: {}, body: { hello: 'world' } });
    expect(failure).toMatchObject({ code: 'IDENTITY_REJECTED', retryable: false });
    expect(failure.message).toContain('MSAL does not accept the OpenID configuration of login.contoso.com');
  });
});
