import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createRedis, type RedisOptionsOf } from '../src/index.js';
import { Clients, next } from './support/clients.js';
import { type EmulatedCredentials, emulatedCredentials, rotateNow } from './support/emulated-credentials.js';

describe('the life of clients', () => {
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

  const connections = (): number => source.credentials.reauthenticator.status().connections;

  it('A7 re-authenticates duplicates and duplicates of duplicates, and gives them fresh tokens after a cut', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    const duplicate = clients.track(redis.duplicate());
    const grandchild = clients.track(duplicate.duplicate({ db: 1 }));
    const family = [redis, duplicate, grandchild];
    await Promise.all(family.map((member) => member.ping()));
    expect(connections()).toBe(3);
    const { gate } = emulator.redis;
    const { accepted, refused } = gate;
    const all = new Promise<void>((resolve) => {
      let left = 3;
      source.credentials.reauthenticator.observe({ onReauthenticated: () => --left === 0 && resolve() });
    });
    await rotateNow(source);
    await all;
    expect(gate.accepted).toBe(accepted + 3);
    gate.revoke(source.tokens[0] as string);
    const closed = Promise.all(family.map((member) => next(member, 'close')));
    gate.killAll();
    await closed;
    expect(await Promise.all(family.map((member) => member.ping()))).toEqual(['PONG', 'PONG', 'PONG']);
    expect(gate.refused).toBe(refused);
    expect(connections()).toBe(3);
    expect(source.requests()).toBe(2);
  });

  it('A6 is registered from ready to close, once per physical connection', async () => {
    source = emulatedCredentials(emulator);
    const lazy = create({ lazyConnect: true });
    expect(connections()).toBe(0);
    await lazy.connect();
    expect(connections()).toBe(1);
    for (let i = 0; i < 3; i++) {
      const closed = next(lazy, 'close');
      emulator.redis.gate.killAll();
      await closed;
      expect(connections()).toBe(0);
      await next(lazy, 'ready');
      expect(connections()).toBe(1);
    }
    const ended = next(lazy, 'end');
    await lazy.quit();
    await ended;
    expect(connections()).toBe(0);
    expect(source.credentials.tokenManager.status().nextRefreshAtMs).toBeUndefined();
  });

  it('A6 holds nothing after disconnect() during reconnecting, when no end event comes', async () => {
    source = emulatedCredentials(emulator);
    const redis = create({ retryStrategy: () => 60_000 });
    await redis.ping();
    emulator.redis.gate.killAll();
    await next(redis, 'reconnecting');
    redis.disconnect();
    expect(connections()).toBe(0);
    expect(source.credentials.tokenManager.status().nextRefreshAtMs).toBeUndefined();
  });

  it('A6 closing one client leaves the others’ connections signed in and the provider open', async () => {
    source = emulatedCredentials(emulator);
    const [one, two] = [create(), create()];
    await Promise.all([one.ping(), two.ping()]);
    await one.quit();
    expect(await two.ping()).toBe('PONG');
    expect(connections()).toBe(1);
    await rotateNow(source);
    expect(await two.ping()).toBe('PONG');
    await one.connect();
    expect(connections()).toBe(2);
  });

  it('A6 lets the garbage collector have clients that were disconnected and forgotten', async () => {
    source = emulatedCredentials(emulator);
    const forgotten: WeakRef<Redis>[] = [];
    for (let i = 0; i < 5; i++) {
      const redis = createRedis({ port: emulator.redis.port }, source.credentials);
      await redis.ping();
      const ended = next(redis, 'end');
      redis.disconnect();
      await ended;
      forgotten.push(new WeakRef(redis));
    }
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const alive = (): number => forgotten.filter((reference) => reference.deref() !== undefined).length;
    // The last one may still be on the stack of this test.
    for (let i = 0; i < 50 && alive() > 1; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(alive()).toBeLessThanOrEqual(1);
  });

  it('adds no listener to the provider or the manager per reconnect', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    await redis.ping();
    const listeners = redis.eventNames().map((name) => redis.listenerCount(name));
    for (let i = 0; i < 3; i++) {
      const ready = next(redis, 'ready');
      emulator.redis.gate.killAll();
      await ready;
    }
    expect(redis.eventNames().map((name) => redis.listenerCount(name))).toEqual(listeners);
  });
});
