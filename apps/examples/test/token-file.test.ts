import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  type CredentialsProvider,
  createCredentialsProvider,
  createResponseParser,
  type Token,
  TokenManager,
} from '@entraid/core';
import { unsignedJwt } from '@entraid/core/testing';
import { createRedis } from '@entraid/ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { tokenFile } from '../src/token-file.js';
import { TokenGate } from './token-gate.js';

const USER = 'app';
const HOUR_MS = 3_600_000;
const responseParser = createResponseParser({ credentialsMapper: () => ({ username: USER }) });
const FAST = { initialDelayMs: 50, maxDelayMs: 50 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A projected volume: `token` is a link into `..data`, a link to a folder that each rewriting replaces in one step. */
async function project(token: string): Promise<string> {
  const next = await mkdtemp(join(folder, '..version-'));
  await writeFile(join(next, 'token'), `${token}\n`);
  await symlink(next, join(folder, '..next'));
  await rename(join(folder, '..next'), join(folder, '..data'));
  const path = join(folder, 'token');
  await symlink(join('..data', 'token'), path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return path;
}

function nextEvent(name: string): Promise<unknown> {
  return new Promise((resolve) => {
    const listener = (event: unknown): void => {
      unsubscribe(name, listener);
      resolve(event);
    };
    subscribe(name, listener);
  });
}

describe('tokenFile in front of a real redis-server', () => {
  let gate: TokenGate;
  let inForce: string;
  beforeAll(async () => {
    gate = await TokenGate.start({ username: USER, accepts: (password) => password === inForce });
  });
  afterAll(() => gate.close());
  /** From now on the server takes no token but this one. */
  const rewrite = (token: string): Promise<string> => {
    inForce = token;
    return project(token);
  };
  let credentials: CredentialsProvider;
  let redis: Redis;
  beforeEach(() => {
    gate.signIns.length = 0;
  });
  afterEach(() => {
    redis.disconnect();
    credentials.close();
  });

  it('keeps an ioredis connection signed in over 3 rewritings of the file, each sent once on the same connection', async () => {
    const path = await rewrite('opaque-1');
    credentials = createCredentialsProvider(tokenFile({ path, ttlMs: 6000 }), {
      responseParser,
      expirationRefreshRatio: 0.25,
      refreshJitterRatio: 0,
      minRequestIntervalMs: 100,
    });
    redis = createRedis({ host: '127.0.0.1', port: gate.port }, credentials);
    await redis.set('greeting', 'hello');
    const before = gate.connections;

    for (const token of ['opaque-2', 'opaque-3', 'opaque-4']) {
      const signIn = once(gate, 'signIn');
      await rewrite(token);
      await signIn;
      expect(await redis.get('greeting')).toBe('hello');
    }
    expect(gate.signIns.map(({ password, accepted }) => [password, accepted])).toEqual([
      ['opaque-1', true],
      ['opaque-2', true],
      ['opaque-3', true],
      ['opaque-4', true],
    ]);
    expect(gate.connections).toBe(before);
  }, 30_000);

  it('is read again when the server refuses the token that is held: 1 refusal, then the rewritten one', async () => {
    const path = await rewrite('revoked');
    credentials = createCredentialsProvider(tokenFile({ path, ttlMs: HOUR_MS }), {
      responseParser,
      minRequestIntervalMs: 100,
    });
    redis = createRedis({ host: '127.0.0.1', port: gate.port }, credentials);
    redis.on('error', () => {});
    await redis.ping();

    await rewrite('renewed');
    gate.cut();
    expect(await redis.ping()).toBe('PONG');
    expect(gate.signIns.map(({ password, accepted }) => [password, accepted])).toEqual([
      ['revoked', true],
      ['revoked', false],
      ['renewed', true],
    ]);
  }, 30_000);
});

describe('tokenFile', () => {
  let manager: TokenManager | undefined;
  afterEach(() => manager?.close());
  const manage = (path: string, ttlMs?: number): TokenManager => {
    const options = { responseParser, minRequestIntervalMs: 50, retry: FAST };
    manager = new TokenManager(tokenFile(ttlMs === undefined ? { path } : { path, ttlMs }), options);
    return manager;
  };

  it('gives the content without the line break at its end', async () => {
    expect((await manage(await project('opaque-1'), HOUR_MS).getToken()).password).toBe('opaque-1');
  });

  it('counts the life of an opaque token from the writing of the file: 50 minutes are left of 60 after 10', async () => {
    const path = await project('opaque-1');
    const writtenAt = new Date(Date.now() - 10 * 60_000);
    await utimes(path, writtenAt, writtenAt);
    const token = await manage(path, HOUR_MS).getToken();
    expect(Math.abs(token.expiresAtMs - (writtenAt.getTime() + HOUR_MS))).toBeLessThan(1);
    expect(Math.abs(token.ttlMs - 50 * 60_000)).toBeLessThan(60_000);
  });

  it('takes the life of a JWT from its exp claim, and the user from whichever claim the mapper chooses', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const path = await project(unsignedJwt({ sub: 'system:serviceaccount:shop:cart', exp }));
    manager = new TokenManager(tokenFile({ path }), {
      responseParser: createResponseParser({
        credentialsMapper: ({ claims }) => ({ username: String(claims?.['sub']) }),
      }),
    });
    const token = await manager.getToken();
    expect(token.username).toBe('system:serviceaccount:shop:cart');
    expect(token.expiresAtMs).toBe(exp * 1000);
  });

  it('is read at once by getToken({ forceRefresh: true }): the 2nd token came 1 hour before the 1st one ends', async () => {
    const tokens = manage(await project('opaque-1'), HOUR_MS);
    expect(await tokens.getToken()).toMatchObject({ version: 1, password: 'opaque-1' });
    await project('opaque-2');
    expect(await tokens.getToken()).toMatchObject({ version: 1, password: 'opaque-1' });
    expect(await tokens.getToken({ forceRefresh: true })).toMatchObject({ version: 2, password: 'opaque-2' });
  });

  it('gives the same token while the content stays: version 1 again, 1 notification', async () => {
    const tokens = manage(await project('opaque-1'), HOUR_MS);
    const notified: Token[] = [];
    tokens.subscribe({ onNext: (token) => void notified.push(token) });
    const first = await tokens.getToken();
    await project('opaque-1');
    expect(await tokens.getToken({ forceRefresh: true })).toBe(first);
    expect(notified).toEqual([first]);
    expect(tokens.status()).toMatchObject({ state: 'valid', consecutiveFailures: 0 });
  });

  it.each([
    ['missing', 'ENOENT', async (): Promise<void> => {}],
    ['empty', 'it is empty', async (path: string): Promise<void> => writeFile(path, '\n')],
    ['a folder', 'EISDIR', async (path: string): Promise<void> => mkdir(path)],
  ])(
    'rejects with a retryable IDENTITY_UNAVAILABLE that names the file when it is %s',
    async (_, reason, prepare) => {
      const path = join(folder, 'token');
      await prepare(path);
      const error = await tokenFile({ path, ttlMs: HOUR_MS })
        .requestToken({ signal: new AbortController().signal, forceRefresh: false })
        .catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', retryable: true });
      expect((error as Error).message).toContain(`no token in the file ${path}: `);
      expect((error as Error).message).toContain(reason);
    },
  );

  it('waits for a sidecar that starts after the application, instead of failing', async () => {
    const path = join(folder, 'token');
    manager = new TokenManager(tokenFile({ path, ttlMs: HOUR_MS }), {
      responseParser,
      minRequestIntervalMs: 50,
      retry: { ...FAST, maxAttempts: 100 },
    });
    const failure = nextEvent('entraid:token:refresh-failed');
    const token = manager.getToken();
    expect(await failure).toMatchObject({ attempt: 1, error: { code: 'IDENTITY_UNAVAILABLE' } });
    await project('opaque-1');
    expect((await token).password).toBe('opaque-1');
  });

  it('keeps the token that is held when the file disappears: state degraded, no rejection', async () => {
    const path = await project('opaque-1');
    const tokens = manage(path, HOUR_MS);
    await tokens.getToken();
    await rm(path);
    await expect(tokens.getToken({ forceRefresh: true })).rejects.toMatchObject({
      code: 'IDENTITY_UNAVAILABLE',
    });
    expect(tokens.status()).toMatchObject({ state: 'degraded', consecutiveFailures: 3 });
    expect((await tokens.getToken()).password).toBe('opaque-1');
  });

  it('refuses a token that was written longer ago than it lives, without showing it', async () => {
    const path = await project('opaque-1');
    const writtenAt = new Date(Date.now() - HOUR_MS - 1000);
    await utimes(path, writtenAt, writtenAt);
    const error = await manage(path, HOUR_MS)
      .getToken()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(inspect(error, { depth: 9 })).not.toContain('opaque-1');
  });

  it.each([
    [{ path: '' }, 'path'],
    [{ path: 'token', ttlMs: 999 }, 'ttlMs'],
    [{ path: 'token', ttlMs: 2_592_000_001 }, 'ttlMs'],
    [{ path: 'token', ttlMs: Number.NaN }, 'ttlMs'],
    [{ path: 'token', ttl: 3600 }, 'ttl'],
  ])('refuses %j at construction and names %s', (options, name) => {
    expect(() => tokenFile(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(name) }),
    );
  });

  it.each([1000, 2_592_000_000])('accepts a life of %d ms', (ttlMs) => {
    expect(() => tokenFile({ path: 'token', ttlMs })).not.toThrow();
  });
});
