import { createCredentialsProvider as createCoreProvider } from '@entraid/core';
import { FakeClock } from '@entraid/core/testing';
import { createCredentialsProvider, type NodeRedisCredentialsProvider } from '@entraid/node-redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient, type RedisClientType } from 'redis';
import { type AwsCredentials, elastiCacheIam, elastiCacheOptions } from '../src/elasticache-iam.js';
import {
  type PresignedRequest,
  parsePresignedRequest,
  presignedSignature,
  signedAtMs,
} from './presigned-signature.js';
import { TokenGate } from './token-gate.js';

const KEY: AwsCredentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const USER = 'iam-user-01';
const CACHE = {
  cacheName: 'cache-01',
  userId: USER,
  region: 'eu-west-1',
  credentials: async (): Promise<AwsCredentials> => KEY,
};
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const NOON_MS = Date.UTC(2026, 0, 1, 12);

async function requestToken(
  options: Parameters<typeof elastiCacheIam>[0],
): Promise<{ token: string; expiresOnTimestamp?: number }> {
  const { signal } = new AbortController();
  const response = await elastiCacheIam(options).requestToken({ signal, forceRefresh: false });
  if (response.type !== 'AccessToken') throw new Error(`got ${response.type}`);
  return response.accessToken;
}

/** What AWS checks of a token, at `nowMs`. */
function isGenuine(request: PresignedRequest, nowMs: number): boolean {
  const { host, path, query } = request;
  return (
    host === CACHE.cacheName &&
    path === '/' &&
    query.get('Action') === 'connect' &&
    query.get('User') === USER &&
    query.get('X-Amz-Credential')?.endsWith('/eu-west-1/elasticache/aws4_request') === true &&
    query.get('X-Amz-Signature') === presignedSignature(request, KEY.secretAccessKey) &&
    signedAtMs(request) <= nowMs &&
    nowMs < signedAtMs(request) + Number(query.get('X-Amz-Expires')) * 1000
  );
}

describe('presignedSignature, the independent check of these tests', () => {
  it("agrees with AWS's published example of a presigned request", () => {
    const request = parsePresignedRequest(
      'examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
        '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host',
    );
    expect(presignedSignature(request, KEY.secretAccessKey, 'UNSIGNED-PAYLOAD')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });
});

describe('isGenuine, what the server of these tests checks', () => {
  it('accepts a token for 899,999 ms after its signing, and refuses it after 900,000, before its signing, and changed', async () => {
    const { token } = await requestToken({ ...CACHE, clock: new FakeClock(NOON_MS) });
    const genuine = parsePresignedRequest(token);
    expect(isGenuine(genuine, NOON_MS)).toBe(true);
    expect(isGenuine(genuine, NOON_MS + 899_999)).toBe(true);
    expect(isGenuine(genuine, NOON_MS + 900_000)).toBe(false);
    expect(isGenuine(genuine, NOON_MS - 1)).toBe(false);
    const changed = { ...genuine, query: new Map(genuine.query).set('X-Amz-Expires', '901') };
    expect(isGenuine(changed, NOON_MS)).toBe(false);
  });
});

describe('elastiCacheIam', () => {
  it('gives a presigned connect request of 900 s, without scheme, for a replication group', async () => {
    const { token } = await requestToken({ ...CACHE, clock: new FakeClock(NOON_MS) });
    const { host, path, query } = parsePresignedRequest(token);
    expect([host, path]).toEqual(['cache-01', '/']);
    expect(Object.fromEntries(query)).toEqual({
      Action: 'connect',
      User: USER,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/elasticache/aws4_request',
      'X-Amz-Date': '20260101T120000Z',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it.each([
    ['a replication group', {}],
    ['a serverless cache', { serverless: true }],
    ['a user with characters that are escaped', { userId: "o'neil (eu)*!" }],
    ['temporary credentials', { credentials: async () => ({ ...KEY, sessionToken: 'FQoG+/session==' }) }],
  ])('signs as the independent recomputation does for %s', async (_, options) => {
    const request = parsePresignedRequest((await requestToken({ ...CACHE, ...options })).token);
    expect(request.query.get('X-Amz-Signature')).toBe(presignedSignature(request, KEY.secretAccessKey));
  });

  it('signs ResourceType=ServerlessCache for a serverless cache, and the session token of temporary credentials', async () => {
    const { token } = await requestToken({
      ...CACHE,
      serverless: true,
      credentials: async () => ({ ...KEY, sessionToken: 'FQoG+/session==' }),
    });
    const { query } = parsePresignedRequest(token);
    expect(query.get('ResourceType')).toBe('ServerlessCache');
    expect(query.get('X-Amz-Security-Token')).toBe('FQoG+/session==');
  });

  it('percent-encodes whatever is not unreserved in RFC 3986', async () => {
    const { token } = await requestToken({ ...CACHE, userId: "o'neil (eu)*!" });
    expect(token).toContain('User=o%27neil%20%28eu%29%2A%21&');
  });

  it('lower-cases the name of the cache, as AWS does', async () => {
    const { token } = await requestToken({ ...CACHE, cacheName: 'Cache-01' });
    expect(token.startsWith('cache-01/?')).toBe(true);
  });

  it('ends 900 s after the second of its signing: 999 ms into that second 899.001 s are left', async () => {
    const { expiresOnTimestamp } = await requestToken({ ...CACHE, clock: new FakeClock(NOON_MS + 999) });
    expect(expiresOnTimestamp).toBe(NOON_MS + 900_000);
  });

  it('ends with temporary credentials that end before it', async () => {
    const withEnd = (expiration: Date): Promise<{ expiresOnTimestamp?: number }> =>
      requestToken({
        ...CACHE,
        clock: new FakeClock(NOON_MS),
        credentials: async () => ({ ...KEY, expiration }),
      });
    expect(await withEnd(new Date(NOON_MS + 899_999))).toMatchObject({
      expiresOnTimestamp: NOON_MS + 899_999,
    });
    expect(await withEnd(new Date(NOON_MS + 900_001))).toMatchObject({
      expiresOnTimestamp: NOON_MS + 900_000,
    });
  });

  it('makes the token a password of the ElastiCache user', async () => {
    const provider = createCoreProvider(elastiCacheIam(CACHE), elastiCacheOptions(USER));
    const token = await provider.tokenManager.getToken();
    expect(token.username).toBe(USER);
    expect(isGenuine(parsePresignedRequest(token.password), Date.now())).toBe(true);
    provider.close();
  });

  it('is asked again when the credentials cannot be had, and keeps their error as the cause', async () => {
    const cause = Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
    let asked = 0;
    const provider = createCoreProvider(
      elastiCacheIam({ ...CACHE, credentials: async () => (++asked === 2 ? KEY : Promise.reject(cause)) }),
      {
        ...elastiCacheOptions(USER),
        minRequestIntervalMs: 50,
        retry: { initialDelayMs: 50, maxDelayMs: 50, maxAttempts: 2 },
      },
    );
    expect((await provider.tokenManager.getToken()).username).toBe(USER);
    await expect(provider.tokenManager.getToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      cause,
    });
    provider.close();
  });

  it.each([
    [{ ...CACHE, cacheName: 'cache-01.abc.euw1.cache.amazonaws.com' }, 'cacheName'],
    [{ ...CACHE, cacheName: '' }, 'cacheName'],
    [{ ...CACHE, userId: '' }, 'userId'],
    [{ ...CACHE, region: '' }, 'region'],
    [{ ...CACHE, credentials: KEY as never }, 'credentials'],
    [{ ...CACHE, serverless: 'yes' as never }, 'serverless'],
    [{ ...CACHE, user: USER }, 'user'],
  ])('refuses a bad option at construction and names it, case %#', (options, name) => {
    expect(() => elastiCacheIam(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    );
  });
});

describe('elastiCacheIam in front of a real redis-server that verifies each token', () => {
  const clock = new FakeClock(NOON_MS);
  let gate: TokenGate;
  let credentialsProvider: NodeRedisCredentialsProvider;
  let client: RedisClientType;
  beforeAll(async () => {
    gate = await TokenGate.start({
      username: USER,
      accepts: (password) => isGenuine(parsePresignedRequest(password), clock.now()),
    });
  });
  afterAll(() => gate.close());
  beforeEach(() => {
    gate.signIns.length = 0;
  });
  afterEach(() => {
    if (client.isOpen) client.destroy();
    credentialsProvider.close();
  });
  const createSignedInClient = (options: object, reconnectStrategy: 0 | false): void => {
    const source = elastiCacheIam({ ...CACHE, clock, ...options });
    credentialsProvider = createCredentialsProvider(source, { ...elastiCacheOptions(USER), clock });
    client = createClient({
      socket: { host: '127.0.0.1', port: gate.port, reconnectStrategy },
      credentialsProvider,
    });
    client.on('error', () => {});
  };

  it.each([
    ['another user', { userId: 'iam-user-02' }],
    ['another cache', { cacheName: 'cache-02' }],
    ['another region', { region: 'eu-west-2' }],
    ['another secret key', { credentials: async () => ({ ...KEY, secretAccessKey: 'another' }) }],
  ])('is refused with a token for %s: connect() rejects with WRONGPASS', async (_, wrong) => {
    createSignedInClient(wrong, false);
    await expect(client.connect()).rejects.toThrow('WRONGPASS');
    expect(gate.signIns.at(-1)).toMatchObject({ command: 'HELLO', username: USER, accepted: false });
  });

  it('keeps a node-redis connection for 30 h with an AUTH at 70 to 77 % of the 12 h, however often the token rotates', async () => {
    createSignedInClient({}, false);
    const before = gate.connections;
    await client.connect();
    const atMs = [clock.now()];
    const note = (): number => atMs.push(clock.now());
    gate.on('signIn', note);

    const endMs = clock.now() + 30 * HOUR_MS;
    while (clock.now() < endMs) {
      await clock.advance(MINUTE_MS);
      // Replies come in order: an AUTH that was sent on the way has been answered when this is.
      await client.ping();
    }
    expect(gate.signIns.map(({ command, accepted }) => [command, accepted])).toEqual([
      ['HELLO', true],
      ['AUTH', true],
      ['AUTH', true],
      ['AUTH', true],
    ]);
    gate.off('signIn', note);
    expect(gate.connections).toBe(before + 1);
    for (const [index, at] of atMs.slice(1).entries()) {
      const ageMs = at - (atMs[index] ?? 0);
      expect(ageMs).toBeGreaterThanOrEqual(8.4 * HOUR_MS);
      expect(ageMs).toBeLessThanOrEqual(9.24 * HOUR_MS + MINUTE_MS);
    }
    const current = credentialsProvider.credentialsProvider.tokenManager.currentToken();
    expect(current?.version).toBeGreaterThan(30 * 4);
  }, 60_000);

  it('signs a new connection in with the token of that moment, 40 minutes after the first one', async () => {
    createSignedInClient({}, 0);
    await client.connect();
    for (let minute = 0; minute < 40; minute++) {
      await clock.advance(MINUTE_MS);
      await client.ping();
    }
    const ready = new Promise((resolve) => client.once('ready', resolve));
    gate.cut();
    await ready;
    const [first, second] = gate.signIns;
    expect([first?.accepted, second?.accepted, gate.signIns.length]).toEqual([true, true, 2]);
    expect(second?.password).not.toBe(first?.password);
  }, 30_000);
});
