import { createConnection, type Socket } from 'node:net';
import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AbstractConnector, Redis } from 'ioredis';
import { attach, createRedis, type RedisOptionsOf, withCredentials } from '../src/index.js';
import { Clients, next } from './support/clients.js';
import {
  type EmulatedCredentials,
  emulatedCredentials,
  nextReauthentication,
  rotateNow,
} from './support/emulated-credentials.js';

describe('connecting', () => {
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

  it('A1 opens no socket before the first token, and 10 clients cost 1 token request', async () => {
    source = emulatedCredentials(emulator);
    const { gate } = emulator.redis;
    const { total } = gate.connections;
    let release = (): void => {};
    source.beforeRequest = () => new Promise<void>((resolve) => (release = resolve));
    const redises = Array.from({ length: 10 }, () => create());
    const pings = Promise.all(redises.map((redis) => redis.ping()));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(gate.connections.total).toBe(total);
    expect(source.requests()).toBe(1);
    release();
    expect(await pings).toEqual(Array(10).fill('PONG'));
    expect(gate.connections.total).toBe(total + 10);
    expect(source.requests()).toBe(1);
    expect(clients.errors).toEqual([]);
  });

  it('signs in as the token’s user, through options, a URL and RESP2', async () => {
    source = emulatedCredentials(emulator);
    const { url, port } = emulator.redis;
    const both = [
      create({ protocol: 3 }),
      create({ protocol: 2 }),
      clients.track(createRedis(url, source.credentials)),
      clients.track(createRedis(url, { db: 1 }, source.credentials)),
      clients.track(
        attach(
          new Redis(port, withCredentials({ lazyConnect: true }, source.credentials)),
          source.credentials,
        ),
      ),
    ];
    for (const redis of both) expect(await redis.acl('WHOAMI')).toBe(emulator.identity.objectId);
    expect(clients.errors).toEqual([]);
  });

  it('signs in over TLS', async () => {
    await using encrypted = await startEmulator({ redis: { tls: true } });
    source = emulatedCredentials(encrypted);
    const { url, port, tls } = encrypted.redis;
    const certain = { tls: { ...tls, servername: 'localhost' } };
    const redis = clients.track(createRedis({ host: '127.0.0.1', port, ...certain }, source.credentials));
    expect(await redis.acl('WHOAMI')).toBe(encrypted.identity.objectId);
    const fromUrl = clients.track(createRedis(url, { ...certain }, source.credentials));
    expect(await fromUrl.acl('WHOAMI')).toBe(encrypted.identity.objectId);
    expect(clients.errors).toEqual([]);
    await clients.release(encrypted);
  });

  it('goes on with the connection it has when the provider is closed during its handshake', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    redis.once('connect', () => source.credentials.close());
    await next(redis, 'ready');
    expect(await redis.ping()).toBe('PONG');
    expect(clients.errors).toEqual([]);
  });

  it('A2 takes the new token after a cut, while the old one is refused, without an error', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    await redis.set('a', '1');
    const { gate } = emulator.redis;
    await rotateNow(source);
    gate.revoke(source.tokens[0] as string);
    const { refused } = gate;
    const inFlight = redis.blpop('queue', 0);
    expect(gate.killAll()).toBe(1);
    await next(redis, 'close');
    const waiting = redis.get('a');
    const pusher = create();
    await pusher.rpush('queue', 'element');
    expect(await inFlight).toEqual(['queue', 'element']);
    expect(await waiting).toBe('1');
    expect(gate.refused).toBe(refused);
    // How the socket of a killed connection ends is the kernel's choice.
    expect(clients.errors.filter((error) => (error as { code?: string }).code !== 'ECONNRESET')).toEqual([]);
  });

  it('A16 re-authenticates a connection whose token was rotated during its handshake', async () => {
    source = emulatedCredentials(emulator);
    const { tokenManager } = source.credentials;
    const { gate } = emulator.redis;
    const handshake = gate.once('auth');
    const reauthentication = nextReauthentication(source);
    const redis = create();
    await next(redis, 'connect');
    // HELLO is written; its reply is held back until the token has been rotated.
    redis.stream.pause();
    await rotateNow(source);
    expect([redis.status, tokenManager.currentToken()?.version]).toEqual(['connect', 2]);
    redis.stream.resume();
    expect(await reauthentication).toMatchObject({ version: 2 });
    const { connectionId } = await handshake;
    expect(gate.auths(connectionId).map(({ kind, accepted }) => [kind, accepted])).toEqual([
      ['HELLO', true],
      ['AUTH', true],
    ]);
    expect(await redis.ping()).toBe('PONG');
  });

  it.each([
    ['WRONGPASS', undefined],
    ['ERR WRONGPASS', 'ERR WRONGPASS invalid username-password pair'],
  ])(
    'A17 asks for another token when the server answers %s, and loses no waiting command',
    async (_, text) => {
      source = emulatedCredentials(emulator);
      await source.credentials.tokenManager.getToken();
      emulator.redis.gate.refuseNext(1, text);
      const redis = create();
      expect(await redis.set('a', '1')).toBe('OK');
      expect(source.requests()).toBe(2);
      expect(clients.errors.map(({ message }) => message)).toEqual([expect.stringContaining('WRONGPASS')]);
    },
  );

  it('A17 gives the refusal to the waiting commands when another token is refused, too', async () => {
    source = emulatedCredentials(emulator);
    emulator.redis.gate.refuseNext(2);
    const redis = create();
    await expect(redis.get('a')).rejects.toThrow('WRONGPASS');
    expect(source.requests()).toBe(2);
    expect(await redis.set('a', '1')).toBe('OK');
  });

  it('A12 fetches a new token for a reconnect after the old one expired', async () => {
    source = emulatedCredentials(emulator, { lifetimeMs: 1000 });
    const redis = create({ maxRetriesPerRequest: null });
    await redis.ping();
    // Nothing rotates for a moment, as when a machine slept.
    source.beforeRequest = () => Promise.reject(new Error('asleep'));
    const closed = await emulator.redis.gate.once('closed');
    expect(closed.reason).toBe('expired');
    source.beforeRequest = () => {};
    expect(await redis.ping()).toBe('PONG');
  });

  it('A15 waits no longer after disconnect(), connects again on request, and reconnects after a later cut', async () => {
    source = emulatedCredentials(emulator);
    let asked = (): void => {};
    const request = new Promise<void>((resolve) => (asked = resolve));
    source.beforeRequest = () => {
      asked();
      return new Promise(() => {});
    };
    const { gate } = emulator.redis;
    const { total } = gate.connections;
    const redis = create();
    await request;
    redis.disconnect();
    await next(redis, 'end');
    expect(redis.status).toBe('end');
    expect(gate.connections.total).toBe(total);
    source.beforeRequest = () => {};
    await redis.connect();
    const reconnected = next(redis, 'ready');
    gate.killAll();
    await reconnected;
    expect(await redis.ping()).toBe('PONG');
    expect(clients.errors).toEqual([]);
  });

  it('A15 goes on with retryStrategy after disconnect(true) during the wait', async () => {
    source = emulatedCredentials(emulator);
    source.beforeRequest = () => new Promise(() => {});
    const redis = create();
    await next(redis, 'connecting');
    redis.disconnect(true);
    await next(redis, 'reconnecting');
    source.beforeRequest = () => {};
    expect(await redis.ping()).toBe('PONG');
    expect(clients.errors).toEqual([]);
  });

  it('connects through a connector of the application, which gets no token before it is needed', async () => {
    source = emulatedCredentials(emulator);
    const steps: string[] = [];
    source.beforeRequest = () => steps.push('token');
    class Own extends AbstractConnector {
      constructor(options: unknown) {
        super((options as { disconnectTimeout: number }).disconnectTimeout);
      }
      async connect(): Promise<Socket> {
        steps.push('socket');
        this.stream = createConnection(emulator.redis.port);
        return this.stream;
      }
    }
    const redis = create({ port: 1, Connector: Own });
    expect(await redis.ping()).toBe('PONG');
    expect(steps).toEqual(['token', 'socket']);
    await redis.quit();
  });
});
