import { type CredentialsProvider, createCredentialsProvider, type Token } from '@entraid/core';
import { createRedis } from '@entraid/ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { memorystoreIam, memorystoreOptions } from '../src/memorystore-iam.js';
import { MetadataServer } from './metadata-server.js';
import { TokenGate } from './token-gate.js';

const HOUR_MS = 3_600_000;

// The first test loads google-auth-library.
jest.setTimeout(30_000);

/** Of a machine on Google Cloud without a key file; the project is named so that the library need not look for it. */
const ENVIRONMENT = [
  'GCE_METADATA_HOST',
  'METADATA_SERVER_DETECTION',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'HOME',
  'GOOGLE_CLOUD_PROJECT',
];

describe('memorystoreIam, by the real google-auth-library', () => {
  const before = ENVIRONMENT.map((name) => [name, process.env[name]] as const);
  let metadata: MetadataServer;
  let credentials: CredentialsProvider;

  beforeEach(async () => {
    metadata = await MetadataServer.start();
    delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    process.env['GCE_METADATA_HOST'] = metadata.host;
    process.env['METADATA_SERVER_DETECTION'] = 'assume-present';
    process.env['HOME'] = '/nonexistent';
    process.env['GOOGLE_CLOUD_PROJECT'] = 'shop';
  });
  afterEach(async () => {
    credentials.close();
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await metadata.close();
  });

  const provide = (options = {}): CredentialsProvider => {
    credentials = createCredentialsProvider(memorystoreIam(), {
      ...memorystoreOptions(),
      minRequestIntervalMs: 50,
      refreshJitterRatio: 0,
      ...options,
    });
    return credentials;
  };

  it("takes the application default credentials: the metadata server's token, its life of 3600 s, the user default", async () => {
    const { tokenManager } = provide();
    const askedAtMs = Date.now();
    const token = await tokenManager.getToken();
    expect(token).toMatchObject({ username: 'default', password: 'ya29.token-1' });
    expect(token.expiresAtMs).toBeGreaterThanOrEqual(askedAtMs + HOUR_MS);
    expect(token.expiresAtMs).toBeLessThanOrEqual(Date.now() + HOUR_MS);
    expect(metadata.requests.map(decodeURIComponent)).toEqual([
      '?scopes=https://www.googleapis.com/auth/cloud-platform',
    ]);
  });

  it('gets the same token from the library until 5 minutes before its end: version 1 again, 1 metadata request', async () => {
    const { tokenManager } = provide();
    const first = await tokenManager.getToken();
    expect(await tokenManager.getToken({ forceRefresh: true })).toBe(first);
    expect(metadata.requests.length).toBe(1);
  });

  it('gets another token in the last 5 minutes: of 299 s, version 2 at the 2nd request', async () => {
    metadata.expiresInS = 299;
    const { tokenManager } = provide();
    await tokenManager.getToken();
    metadata.expiresInS = 3600;
    expect(await tokenManager.getToken({ forceRefresh: true })).toMatchObject({
      version: 2,
      password: 'ya29.token-2',
    });
  });

  it('is asked again after a 503 of the metadata server, and keeps the token that is held meanwhile', async () => {
    metadata.expiresInS = 299;
    const { tokenManager } = provide({ retry: { maxAttempts: 1 } });
    await tokenManager.getToken();
    metadata.failure = { status: 503 };
    await expect(tokenManager.getToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
      retryable: true,
    });
    expect(tokenManager.status().state).toBe('degraded');
    expect(await tokenManager.getToken()).toMatchObject({ password: 'ya29.token-1' });
  });

  describe('in front of a real redis-server that takes no token but the newest', () => {
    let gate: TokenGate;
    let redis: Redis;
    beforeAll(async () => {
      gate = await TokenGate.start({
        username: 'default',
        accepts: (password) => password === metadata.tokens.at(-1),
      });
    });
    afterAll(() => gate.close());
    afterEach(() => redis.disconnect());

    it('signs ioredis in once, sends no AUTH over 3 rotations, and signs in with the 4th token after a cut', async () => {
      metadata.expiresInS = 4;
      const { tokenManager } = provide({ expirationRefreshRatio: 0.25 });
      const fourth = new Promise<Token>((resolve) => {
        tokenManager.subscribe({
          onNext: (token) => {
            if (token.version === 3) metadata.expiresInS = 3600;
            if (token.version === 4) resolve(token);
          },
        });
      });
      redis = createRedis({ host: '127.0.0.1', port: gate.port }, credentials);
      redis.on('error', () => {});
      await redis.set('greeting', 'hello');

      expect((await fourth).password).toBe('ya29.token-4');
      expect(await redis.get('greeting')).toBe('hello');
      expect(gate.signIns.map(({ password, accepted }) => [password, accepted])).toEqual([
        ['ya29.token-1', true],
      ]);
      gate.cut();
      expect(await redis.get('greeting')).toBe('hello');
      expect(gate.signIns.map(({ password, accepted }) => [password, accepted])).toEqual([
        ['ya29.token-1', true],
        ['ya29.token-4', true],
      ]);
    });

    it('outlives its token: when a 1 s token has ended and no other came, the connection still answers, at 1 sign-in', async () => {
      gate.signIns.length = 0;
      metadata.expiresInS = 1;
      provide({ retry: { maxAttempts: 1 } });
      redis = createRedis({ host: '127.0.0.1', port: gate.port }, credentials);
      await redis.ping();
      metadata.failure = { status: 403 };
      const expired = new Promise<void>((resolve) => {
        credentials.tokenManager.subscribe({
          onNext: () => {},
          onStateChange: ({ to }) => to === 'expired' && resolve(),
        });
      });
      await expired;
      expect(credentials.tokenManager.currentToken()).toBeUndefined();
      expect(await redis.ping()).toBe('PONG');
      expect(gate.signIns.length).toBe(1);
    });
  });
});

describe('memorystoreIam', () => {
  it.each([
    [{ auth: {} as never }, 'auth.getClient'],
    [{ scope: 'x' } as never, 'scope'],
  ])('refuses a bad option at construction and names it, case %#', (options, name) => {
    expect(() => memorystoreIam(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    );
  });

  it.each([null, undefined, ''])(
    'is INVALID_RESPONSE when the library gives %j for a token',
    async (token) => {
      const auth = {
        getClient: async () => ({
          getAccessToken: async () => ({ token: token as string }),
          credentials: {},
        }),
      };
      const request = { signal: new AbortController().signal, forceRefresh: false };
      await expect(memorystoreIam({ auth }).requestToken(request)).rejects.toMatchObject({
        code: 'INVALID_RESPONSE',
      });
    },
  );

  it('is INVALID_TOKEN when the library does not say when the token ends', async () => {
    const auth = {
      getClient: async () => ({ getAccessToken: async () => ({ token: 'ya29' }), credentials: {} }),
    };
    const credentials = createCredentialsProvider(memorystoreIam({ auth }), memorystoreOptions());
    await expect(credentials.tokenManager.getToken()).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    credentials.close();
  });
});
