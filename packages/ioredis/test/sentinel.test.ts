import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { createRedis } from '../src/index.js';
import { Clients, next } from './support/clients.js';
import {
  type EmulatedCredentials,
  emulatedCredentials,
  nextReauthentication,
  rotateNow,
} from './support/emulated-credentials.js';
import {
  freePort,
  MASTER_NAME,
  SENTINEL_PASSWORD,
  type Sentinel,
  startSentinel,
} from './support/sentinel.js';

describe('behind sentinels', () => {
  let emulator: Emulator;
  let sentinel: Sentinel;
  let source: EmulatedCredentials;
  const clients = new Clients();

  beforeAll(async () => {
    emulator = await startEmulator();
    sentinel = await startSentinel(emulator.redis.gate.server, await freePort());
  });

  afterEach(async () => {
    await clients.release(emulator);
    source.credentials.close();
  });

  afterAll(async () => {
    await sentinel.close();
    await emulator.close();
  });

  /** The sentinel knows the server; clients have to go through the gate. */
  function create(sentinelPort: number = sentinel.port): Redis {
    const { gate, host, port } = emulator.redis;
    const redis = createRedis(
      {
        sentinels: [{ host: '127.0.0.1', port: sentinelPort }],
        name: MASTER_NAME,
        sentinelPassword: SENTINEL_PASSWORD,
        natMap: { [`${gate.server.host}:${gate.server.port}`]: { host, port } },
        updateSentinels: false,
        retryStrategy: () => 20,
        sentinelRetryStrategy: () => 20,
      },
      source.credentials,
    );
    return clients.track(redis);
  }

  it('C1 signs in at the master with the token and at the sentinel with its own password, and re-authenticates', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    expect(await redis.acl('WHOAMI')).toBe(emulator.identity.objectId);
    const { host, port } = emulator.redis;
    const reauthentication = nextReauthentication(source);
    await rotateNow(source);
    expect((await reauthentication).connectionId).toBe(`${host}:${port}/redis#${redis.stream.localPort}`);
    expect(clients.errors).toEqual([]);
  });

  it('C2 signs in with the new token after a cut, while the old one is refused', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    await redis.set('a', '1');
    await rotateNow(source);
    const { gate } = emulator.redis;
    gate.revoke(source.tokens[0] as string);
    const { refused } = gate;
    const closed = next(redis, 'close');
    gate.killAll();
    await closed;
    expect(await redis.get('a')).toBe('1');
    expect(gate.refused).toBe(refused);
  });

  it('C3 fetches another token when the first one expires while no sentinel answers', async () => {
    source = emulatedCredentials(emulator, { lifetimeMs: 1000 });
    const { gate } = emulator.redis;
    const { refused } = gate;
    const port = await freePort();
    const redis = create(port);
    const answer = redis.ping();
    await next(redis, 'error');
    await new Promise((resolve) => setTimeout(resolve, 2100));
    expect(source.credentials.tokenManager.currentToken()).toBeUndefined();
    const late = await startSentinel(gate.server, port);
    try {
      expect(await answer).toBe('PONG');
      expect(source.requests()).toBe(2);
      expect(gate.refused).toBe(refused);
    } finally {
      redis.disconnect();
      await late.close();
    }
  });

  it('C4 asks no sentinel before the first token, and nothing after disconnect() during that wait', async () => {
    source = emulatedCredentials(emulator);
    source.beforeRequest = () => new Promise(() => {});
    const redis = create(await freePort());
    await next(redis, 'connecting');
    const ended = next(redis, 'end');
    redis.disconnect();
    await ended;
    expect(clients.errors).toEqual([]);
  });

  it('C4 ends after disconnect() while no sentinel answers, and connects again on request', async () => {
    source = emulatedCredentials(emulator);
    const port = await freePort();
    const redis = create(port);
    await next(redis, 'error');
    const ended = next(redis, 'end');
    redis.disconnect();
    await ended;
    const late = await startSentinel(emulator.redis.gate.server, port);
    try {
      await redis.connect();
      const ready = next(redis, 'ready');
      emulator.redis.gate.killAll();
      await ready;
      expect(await redis.ping()).toBe('PONG');
    } finally {
      redis.disconnect();
      await late.close();
    }
  });
});
