import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createRedis, type EntraIdError, isEntraIdError, type RedisOptionsOf } from '../src/index.js';
import { Clients, next } from './support/clients.js';
import { type EmulatedCredentials, emulatedCredentials } from './support/emulated-credentials.js';

describe('while the identity provider', () => {
  let emulator: Emulator;
  let source: EmulatedCredentials;
  const clients = new Clients();

  beforeAll(async () => {
    emulator = await startEmulator();
  });

  afterEach(async () => {
    await clients.release(emulator);
    source.credentials.close();
  });

  afterAll(() => emulator.close());

  function create(options: RedisOptionsOf<'legacy'> = {}): Redis {
    const { port } = emulator.redis;
    return clients.track(createRedis({ port, retryStrategy: () => 20, ...options }, source.credentials));
  }

  function failWith(error: Error, times = Number.POSITIVE_INFINITY): void {
    source.beforeRequest = () => {
      if (times-- > 0) throw error;
    };
  }

  const unavailable = (): Error => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const refused = (): Error =>
    Object.assign(new Error('AADSTS7000215: Invalid client secret provided.'), {
      errorCode: 'invalid_client',
    });

  it('A8 fails 3 times, waiting commands survive and each failed connect is an error event', async () => {
    source = emulatedCredentials(emulator);
    failWith(unavailable(), 3);
    const redis = create();
    expect(await redis.set('a', '1')).toBe('OK');
    expect(source.requests()).toBe(4);
    expect(clients.errors.length).toBeGreaterThanOrEqual(3);
    for (const error of clients.errors)
      expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', retryable: true });
  });

  it('A8 is down for good, commands fail after maxRetriesPerRequest as with a server that is down', async () => {
    source = emulatedCredentials(emulator);
    failWith(unavailable());
    const redis = create({ maxRetriesPerRequest: 2 });
    await expect(redis.get('a')).rejects.toMatchObject({ name: 'MaxRetriesPerRequestError' });
    expect(redis.status).toBe('reconnecting');
    expect(emulator.redis.gate.connections.open).toBe(0);
  });

  it('A8 is down in the background, a live connection goes on until its token expires and then waits', async () => {
    source = emulatedCredentials(emulator, { lifetimeMs: 1000 });
    const redis = create({ maxRetriesPerRequest: null });
    await redis.set('a', '1');
    const socket = redis.stream;
    const failed = new Promise<EntraIdError>((resolve) => {
      source.credentials.tokenManager.subscribe({ onNext: () => {}, onError: resolve });
    });
    failWith(unavailable());
    expect(await failed).toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(await redis.get('a')).toBe('1');
    expect(redis.stream).toBe(socket);
    expect(clients.errors).toEqual([]);
    await emulator.redis.gate.once('closed', ({ reason }) => reason === 'expired');
    await next(redis, 'error');
    failWith(unavailable(), 0);
    expect(await redis.get('a')).toBe('1');
    expect(redis.stream).not.toBe(socket);
  }, 15_000);

  it('refuses the client, the error event has the EntraIdError itself and reconnects cost no further request', async () => {
    source = emulatedCredentials(emulator);
    const cause = refused();
    failWith(cause);
    const redis = create();
    const seen = new Promise<Error[]>((resolve) => {
      redis.on('error', () => clients.errors.length >= 5 && resolve([...clients.errors]));
    });
    for (const error of await seen) {
      expect(isEntraIdError(error)).toBe(true);
      expect(error).toMatchObject({
        code: 'IDENTITY_REJECTED',
        retryable: false,
        identityCode: 'invalid_client',
        cause,
      });
    }
    expect(source.requests()).toBe(1);
  });

  it('refuses the client, the first error event comes before anything else can time out', async () => {
    source = emulatedCredentials(emulator, { options: { retry: { maxAttempts: 3 } } });
    failWith(refused());
    const startedAtMs = performance.now();
    const redis = create({ lazyConnect: true });
    const connecting = redis.connect().catch((error: Error) => error);
    const [error] = await next(redis, 'error');
    expect(error).toMatchObject({ code: 'IDENTITY_REJECTED' });
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    expect(await connecting).toBeInstanceOf(Error);
  });

  it('is gone because the provider was closed, clients get CLOSED and stop asking', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    await redis.ping();
    source.credentials.close();
    emulator.redis.gate.killAll();
    const [error] = await next(redis, 'error');
    expect(error).toMatchObject({ code: 'CLOSED' });
    expect(source.requests()).toBe(1);
  });
});
