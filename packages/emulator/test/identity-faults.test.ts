import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type IdentityEmulator, startIdentityEmulator, type TokenFailure } from '../src/index.js';
import { type HttpsResponse, httpsRequest, postForm } from './https-client.js';

let identity: IdentityEmulator;

/** Token requests and tokens before each test. */
let requests: number;
let issued: number;

beforeAll(async () => {
  identity = await startIdentityEmulator();
});

beforeEach(() => {
  ({ requests, issued } = identity);
});

afterEach(async () => {
  identity.delayMs = 0;
  await identity.comeBack();
});

afterAll(() => identity.close());

function requestToken(signal?: AbortSignal): Promise<HttpsResponse> {
  const form = {
    grant_type: 'client_credentials',
    client_id: identity.clientId,
    client_secret: identity.clientSecret,
    scope: identity.scope,
  };
  const options = { ca: identity.ca, ...(signal === undefined ? {} : { signal }) };
  return postForm(`${identity.authority}/oauth2/v2.0/token`, form, options);
}

function discover(): Promise<HttpsResponse> {
  return httpsRequest(`${identity.authority}/v2.0/.well-known/openid-configuration`, { ca: identity.ca });
}

describe('IdentityEmulator.failNext', () => {
  it('fails as many token requests as asked, then grants again; discovery is never touched', async () => {
    identity.failNext(2);
    expect((await discover()).status).toBe(200);
    const statuses = [await requestToken(), await requestToken(), await requestToken()].map((r) => r.status);
    expect(statuses).toEqual([503, 503, 200]);
    expect([identity.requests - requests, identity.issued - issued]).toEqual([3, 1]);
  });

  it('fails in the way it is told, calls adding up in order', async () => {
    identity.failNext(1, { status: 429, retryAfterSeconds: 7 });
    identity.failNext(1, { status: 401, error: 'invalid_client', errorCode: 7000222 });
    const first = await requestToken();
    expect(first.status).toBe(429);
    expect(first.headers['retry-after']).toBe('7');
    expect(first.json()).toMatchObject({ error: 'temporarily_unavailable', error_codes: [90033] });
    const second = await requestToken();
    expect(second.status).toBe(401);
    expect(second.headers['retry-after']).toBeUndefined();
    expect(second.json()).toMatchObject({ error: 'invalid_client', error_codes: [7000222] });
    expect(second.json()['error_description']).toMatch(/^AADSTS7000222: /);
  });

  it.each<[unknown, unknown, RegExp]>([
    [-1, {}, /count must be an integer from 0/],
    [Number.NaN, {}, /count/],
    [1, { status: 200 }, /status must be an integer from 400 to 599, got 200/],
    [1, { status: 600 }, /status/],
    [1, { retryAfterSeconds: 1.5 }, /retryAfterSeconds must be an integer from 0 to 86400/],
    [1, { error: '' }, /error must be a non-empty string/],
    [1, { error: 'a\r\nb' }, /printable/],
    [1, { errorCode: 0 }, /errorCode/],
    [1, { retryAfter: 1 }, /no option 'retryAfter'/],
  ])('throws INVALID_OPTION for %j, %j', (count, failure, message) => {
    expect(() => identity.failNext(count as number, failure as TokenFailure)).toThrow(message);
  });
});

describe('IdentityEmulator.hang', () => {
  it('leaves token requests without an answer until comeBack, then answers them', async () => {
    identity.hang();
    const received = identity.once('received');
    const pending = requestToken();
    await received;
    expect((await discover()).status).toBe(200);
    expect([identity.requests - requests, identity.issued - issued]).toEqual([1, 0]);
    await identity.comeBack();
    expect((await pending).status).toBe(200);
    expect((await requestToken()).status).toBe(200);
  });

  it('forgets a request whose client gave up', async () => {
    identity.hang();
    const received = identity.once('received');
    const giveUp = new AbortController();
    const pending = requestToken(giveUp.signal);
    await received;
    giveUp.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    // Its TLS handshake takes several turns, in the first of which the end of the other is noticed.
    const next = identity.once('received');
    const second = requestToken();
    await next;
    await identity.comeBack();
    expect((await second).status).toBe(200);
    expect([identity.requests - requests, identity.issued - issued]).toEqual([2, 1]);
  });
});

describe('IdentityEmulator.delayMs', () => {
  it('delays each token answer by 200 ms when set to 200', async () => {
    identity.delayMs = 200;
    const before = performance.now();
    expect((await requestToken()).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(199);
  });

  it.each([-1, 3_600_001, Number.NaN, '5'])('is never %p', (value) => {
    expect(() => {
      identity.delayMs = value as number;
    }).toThrow(/delayMs must be an integer from 0 to 3600000/);
  });
});

describe('IdentityEmulator.goDown', () => {
  it('refuses connections and cuts open ones until comeBack, on the same port', async () => {
    identity.hang();
    const received = identity.once('received');
    const cut = requestToken();
    const cutResult = expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' });
    await received;
    await identity.goDown();
    await cutResult;
    await expect(requestToken()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const { port } = identity;
    await identity.comeBack();
    expect(identity.port).toBe(port);
    expect((await requestToken()).status).toBe(200);
  });

  it('is settled by the last call, however they overlap', async () => {
    await Promise.all([identity.goDown(), identity.comeBack(), identity.goDown(), identity.comeBack()]);
    expect((await requestToken()).status).toBe(200);
    await Promise.all([identity.comeBack(), identity.goDown()]);
    await expect(requestToken()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not come back after close', async () => {
    const other = await startIdentityEmulator();
    await other.close();
    await expect(other.comeBack()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
