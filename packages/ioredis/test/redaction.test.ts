import { inspect } from 'node:util';
import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { attach, createRedis, type RedisOptionsOf, withCredentials } from '../src/index.js';
import { Clients, inFlight, next } from './support/clients.js';
import {
  type EmulatedCredentials,
  emulatedCredentials,
  nextReauthentication,
  rotateNow,
} from './support/emulated-credentials.js';

describe('a refused or failed sign-in', () => {
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

  function expectNoToken(...values: unknown[]): void {
    expect(source.tokens.length).toBeGreaterThan(0);
    for (const value of values) {
      // A socket's hidden properties lead into the test runner, which holds this test's own variables.
      const showHidden = !(value instanceof Redis);
      const printed = `${inspect(value, { depth: null, showHidden })}${stringify(value)}${String(value)}`;
      for (const token of source.tokens) expect(printed).not.toContain(token);
      // The signature alone is what makes a token usable.
      for (const token of source.tokens) expect(printed).not.toContain(token.split('.')[2]);
    }
  }

  function commandsInFlight(redis: Redis): { name: string }[] {
    return redis.commandQueue.toArray().map(({ command: { name, args } }) => ({ name, args }));
  }

  function stringify(value: unknown): string {
    const seen = new Set<unknown>();
    return JSON.stringify(value, (_, nested: unknown) => {
      if (typeof nested !== 'object' || nested === null)
        return typeof nested === 'bigint' ? String(nested) : nested;
      if (seen.has(nested)) return undefined;
      seen.add(nested);
      return nested;
    });
  }

  it.each([3, 2] as const)(
    'A13 shows no token in a client that is signing in, signed in, or sending AUTH (RESP%i)',
    async (protocol) => {
      source = emulatedCredentials(emulator);
      const redis = create({ protocol });
      await next(redis, 'connect');
      expect(redis.commandQueue.length).toBeGreaterThan(0);
      expectNoToken(redis, redis.options, redis.condition, ...commandsInFlight(redis));
      await redis.ping();
      redis.blpop('nothing', 0).catch(() => {});
      const other = create();
      await other.ping();
      const proven = nextReauthentication(source);
      await rotateNow(source);
      await proven;
      await inFlight(redis, 'auth');
      expect(commandsInFlight(redis).map(({ name }) => name)).toEqual(['blpop', 'auth']);
      expectNoToken(redis, other, ...commandsInFlight(redis));
    },
  );

  it.each([3, 2] as const)(
    'A13 shows no token in the errors of a refused handshake (RESP%i)',
    async (protocol) => {
      source = emulatedCredentials(emulator);
      emulator.redis.gate.refuseNext(2);
      const redis = create({ protocol });
      const rejection = await redis.get('a').catch((error: unknown) => error);
      expect(clients.errors).toEqual([expect.any(Error), rejection]);
      for (const error of clients.errors) {
        expect((error as Error & { command: object }).command).toEqual({
          name: protocol === 3 ? 'hello' : 'auth',
          args: ['[redacted]'],
        });
      }
      expectNoToken(...clients.errors);
      expect(await redis.ping()).toBe('PONG');
    },
  );

  it('A13 shows no token in the errors of a refused re-authentication, and the connection goes on', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    await redis.ping();
    const failure = new Promise<{ error: Error }>((resolve) => {
      source.credentials.reauthenticator.observe({ onReauthenticationFailed: resolve });
    });
    emulator.redis.gate.refuseNext(1);
    const recovered = nextReauthentication(source);
    await rotateNow(source);
    const { error } = await failure;
    expect(error).toMatchObject({
      code: 'REAUTHENTICATION_FAILED',
      cause: { command: { name: 'auth', args: ['[redacted]'] } },
    });
    expectNoToken(error, error.cause);
    expect(await redis.ping()).toBe('PONG');
    await recovered;
    expect(clients.errors).toEqual([]);
  });

  it('A13 shows no token in what ioredis prints when nobody listens to errors', async () => {
    source = emulatedCredentials(emulator);
    const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
    emulator.redis.gate.refuseNext(1);
    const redis = createRedis({ port: emulator.redis.port, retryStrategy: () => 20 }, source.credentials);
    await redis.ping().finally(() => redis.disconnect());
    expect(printed.mock.calls.map(([text]) => text)).toEqual(['[ioredis] Unhandled error event:']);
    expectNoToken(printed.mock.calls);
    printed.mockRestore();
  });

  it('A14 makes no loop of reconnectOnError => 2, neither at a handshake nor at a live AUTH', async () => {
    source = emulatedCredentials(emulator);
    const seen: unknown[] = [];
    const options = { port: emulator.redis.port, retryStrategy: () => 20 };
    const redis = clients.track(
      attach(
        new Redis(
          withCredentials(
            {
              ...options,
              reconnectOnError: (error: Error) => {
                seen.push(error);
                return 2 as const;
              },
            },
            source.credentials,
          ),
        ),
        source.credentials,
      ),
    );
    await redis.ping();
    const { gate } = emulator.redis;
    const { total } = gate.connections;
    gate.refuseNext(2);
    const failure = new Promise((resolve) => {
      source.credentials.reauthenticator.observe({ onReauthenticationFailed: resolve });
    });
    await rotateNow(source);
    await failure;
    expect(await redis.ping()).toBe('PONG');
    expect(gate.connections.total).toBe(total);
    gate.killAll();
    await next(redis, 'ready');
    expect(gate.connections.total).toBe(total + 2);
    expect(seen).toEqual([]);
  });
});
