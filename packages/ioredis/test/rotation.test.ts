import { type Emulator, startEmulator } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { attach, createRedis, type RedisOptionsOf, withCredentials } from '../src/index.js';
import { Clients, inFlight, next } from './support/clients.js';
import {
  type EmulatedCredentials,
  emulatedCredentials,
  nextReauthentication,
  rotateNow,
} from './support/emulated-credentials.js';

const LIFETIMES = 5;

describe('rotation', () => {
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

  /** The gate's number for this client's connection. */
  async function gateId(redis: Redis): Promise<number> {
    await redis.ping();
    const localPort = redis.stream.localPort;
    const open = emulator.redis.gate.openConnections().find(({ remotePort }) => remotePort === localPort);
    return open?.connectionId as number;
  }

  /** What connections registered from now on say: how often they asked for another try, and when they first deferred. */
  function watchRegistrations(): { retries: () => number; deferred: Promise<void> } {
    const { reauthenticator } = source.credentials;
    const register = reauthenticator.register.bind(reauthenticator);
    let retries = 0;
    let onDeferred = (): void => {};
    const deferred = new Promise<void>((resolve) => (onDeferred = resolve));
    reauthenticator.register = (target, token) => {
      const registration = register(
        {
          ...target,
          async authenticate(newToken) {
            const outcome = await target.authenticate(newToken);
            if (outcome === 'deferred') onDeferred();
            return outcome;
          },
        },
        token,
      );
      const retry = (): void => {
        retries++;
        registration.retry();
      };
      return { ...registration, retry };
    };
    return { retries: () => retries, deferred };
  }

  function rotations(count: number): Promise<void> {
    return new Promise((resolve) => {
      const unsubscribe = source.credentials.tokenManager.subscribe({
        onNext() {
          if (count-- > 0) return;
          unsubscribe();
          resolve();
        },
      });
    });
  }

  it(`A3 A9 A10 A11 keeps every connection through ${LIFETIMES} token lifetimes under load, one AUTH per rotation and connection`, async () => {
    source = emulatedCredentials(emulator, { lifetimeMs: 2000 });
    const { gate } = emulator.redis;
    const { closedByExpiry, refused } = gate;
    const pipelined = create();
    const autoPipelined = create({ enableAutoPipelining: true });
    const transactional = create();
    const subscriber = create();
    const redises = [pipelined, autoPipelined, transactional, subscriber];
    const ids = await Promise.all(redises.map(gateId));
    const sockets = redises.map((redis) => redis.stream);
    const reauthentications = new Map<string, number>();
    source.credentials.reauthenticator.observe({
      onReauthenticated: ({ connectionId }) =>
        void reauthentications.set(connectionId, (reauthentications.get(connectionId) ?? 0) + 1),
    });
    const received: string[] = [];
    subscriber.on('message', (_, message) => received.push(message));
    await subscriber.subscribe('news');

    let running = true;
    const enough = rotations(LIFETIMES).then(() => {
      running = false;
    });
    let published = 0;
    const loads = [
      async (): Promise<void> => {
        const pipeline = pipelined.pipeline();
        for (let i = 0; i < 50; i++) pipeline.set('p', i).get('p');
        const replies = (await pipeline.exec()) ?? [];
        replies.forEach(([error, reply], i) => {
          expect(error).toBeNull();
          expect(reply).toBe(i % 2 === 0 ? 'OK' : String((i - 1) / 2));
        });
        expect(replies).toHaveLength(100);
      },
      async (): Promise<void> => {
        const values = Array.from({ length: 20 }, (_, i) => `v${i}`);
        expect(await Promise.all(values.map((value) => autoPipelined.echo(value)))).toEqual(values);
      },
      async (): Promise<void> => {
        await transactional.multi({ pipeline: false });
        void transactional.set('t', 'x');
        await new Promise((resolve) => setTimeout(resolve, 2));
        void transactional.get('t');
        expect(await transactional.exec()).toEqual([
          [null, 'OK'],
          [null, 'x'],
        ]);
        expect(await transactional.multi().incr('n').decr('n').exec()).toEqual([
          [null, 1],
          [null, 0],
        ]);
      },
      async (): Promise<void> => {
        expect(await pipelined.publish('news', String(published++))).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
      },
    ];
    let rounds = 0;
    await Promise.all([
      enough,
      ...loads.map(async (load) => {
        while (running) {
          await load();
          rounds++;
        }
      }),
    ]);
    await subscriber.ping();

    expect(rounds).toBeGreaterThan(100);
    expect(received).toEqual(Array.from({ length: published }, (_, i) => String(i)));
    expect(redises.map((redis) => redis.stream)).toEqual(sockets);
    expect([gate.closedByExpiry, gate.refused]).toEqual([closedByExpiry, refused]);
    expect(reauthentications.size).toBe(redises.length);
    for (const id of ids) {
      const auths = gate.auths(id);
      expect(auths.every(({ accepted }) => accepted)).toBe(true);
      expect(auths[0]?.kind).toBe('HELLO');
      // The last rotation ended the load; its AUTH may or may not have been sent.
      expect(auths.length - 1 === LIFETIMES || auths.length - 1 === LIFETIMES - 1).toBe(true);
    }
    expect(clients.errors).toEqual([]);
  }, 30_000);

  it('A10 resumes BLPOP on a fresh connection when its token expires, with no AUTH sent twice', async () => {
    source = emulatedCredentials(emulator, { lifetimeMs: 1000 });
    const redis = create();
    const other = create();
    const { gate } = emulator.redis;
    const { refused } = gate;
    await gateId(redis);
    const popped = redis.blpop('queue', 0);
    for (let i = 0; i < 2; i++) await gate.once('closed', ({ reason }) => reason === 'expired');
    await other.rpush('queue', 'element');
    expect(await popped).toEqual(['queue', 'element']);
    expect(await redis.ping()).toBe('PONG');
    expect(gate.refused).toBe(refused);
    const id = await gateId(redis);
    const kinds = gate.auths(id).map(({ kind }) => kind);
    expect(kinds[0]).toBe('HELLO');
    expect(clients.errors).toEqual([]);
  }, 20_000);

  it('A10 sends AUTH behind BLPOP without the 100 ms commandTimeout, and it counts when the reply comes in time', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    const other = create();
    const id = await gateId(redis);
    await other.ping();
    // An unproven token is tried on an idle connection first: `other` proves it.
    const failures: unknown[] = [];
    source.credentials.reauthenticator.observe({ onReauthenticationFailed: (event) => failures.push(event) });
    const popped = redis.blpop('q', 0);
    // From here on: what follows is the AUTH.
    redis.options.commandTimeout = 100;
    const proven = nextReauthentication(source);
    await rotateNow(source);
    await proven;
    const reauthentication = nextReauthentication(source);
    await inFlight(redis, 'auth');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(emulator.redis.gate.auths(id)).toHaveLength(1);
    await other.rpush('q', 'x');
    expect(await popped).toEqual(['q', 'x']);
    expect((await reauthentication).connectionId).toContain(`#${redis.stream.localPort}`);
    expect(emulator.redis.gate.auths(id).map(({ kind }) => kind)).toEqual(['HELLO', 'AUTH']);
    expect(failures).toEqual([]);
  });

  it('A10 does not send an AUTH again that was in flight when its connection closed', async () => {
    source = emulatedCredentials(emulator);
    const { gate } = emulator.redis;
    const redis = create();
    const other = create();
    await Promise.all([redis.ping(), other.ping()]);
    const popped = redis.blpop('pops', 0);
    const proven = nextReauthentication(source);
    await rotateNow(source);
    await proven;
    await inFlight(redis, 'auth');
    const ready = next(redis, 'ready');
    gate.kill(
      gate.openConnections().find(({ remotePort }) => remotePort === redis.stream.localPort)?.connectionId ??
        0,
    );
    await ready;
    await other.rpush('pops', 'x');
    expect(await popped).toEqual(['pops', 'x']);
    expect(gate.auths(await gateId(redis)).map(({ kind }) => kind)).toEqual(['HELLO']);
    const again = nextReauthentication(source);
    await rotateNow(source);
    await again;
  });

  it('A10 frees the place of an AUTH whose connection closed, also when ioredis never settles it', async () => {
    source = emulatedCredentials(emulator, {
      options: { reauthentication: { windowMs: 20, maxConcurrency: 1 } },
    });
    const { gate } = emulator.redis;
    const redis = create({ autoResendUnfulfilledCommands: false });
    const other = create();
    await Promise.all([redis.ping(), other.ping()]);
    redis.blpop('never', 0).catch(() => {});
    const proven = nextReauthentication(source);
    await rotateNow(source);
    await proven;
    await inFlight(redis, 'auth');
    const { localPort } = redis.stream;
    const ready = next(redis, 'ready');
    gate.kill(gate.openConnections().find(({ remotePort }) => remotePort === localPort)?.connectionId ?? 0);
    await ready;
    const again = nextReauthentication(source);
    await rotateNow(source);
    expect(await again).toMatchObject({ version: 3 });
  });

  it.each([
    [
      'multi() and exec()',
      (redis: Redis) => redis.multi({ pipeline: false }),
      (redis: Redis) => redis.exec(),
    ],
    [
      'call("MULTI") and call("Exec")',
      (redis: Redis) => redis.call('MULTI'),
      (redis: Redis) => redis.call('Exec'),
    ],
    [
      'multi() and discard()',
      (redis: Redis) => redis.multi({ pipeline: false }),
      (redis: Redis) => redis.discard(),
    ],
  ])('A11 keeps AUTH out of a transaction between %s, and sends it right after', async (_, begin, end) => {
    source = emulatedCredentials(emulator);
    const redis = create();
    const { retries, deferred } = watchRegistrations();
    const id = await gateId(redis);
    await begin(redis);
    const queued = redis.set('a', '1');
    await rotateNow(source);
    await deferred;
    expect(await queued).toBe('QUEUED');
    expect(emulator.redis.gate.auths(id)).toHaveLength(1);
    expect(retries()).toBe(0);
    const reauthentication = nextReauthentication(source);
    const ended = end(redis);
    await Promise.resolve();
    expect(retries()).toBe(1);
    const result = await ended;
    expect(result === 'OK' || (result as unknown[]).length === 1).toBe(true);
    await reauthentication;
    expect(emulator.redis.gate.auths(id)).toHaveLength(2);
    expect(clients.errors).toEqual([]);
  });

  it('A11 forgets a transaction whose connection closed', async () => {
    source = emulatedCredentials(emulator);
    const redis = create();
    await redis.multi({ pipeline: false });
    const ready = next(redis, 'ready');
    emulator.redis.gate.killAll();
    await ready;
    const failures: unknown[] = [];
    source.credentials.reauthenticator.observe({ onReauthenticationFailed: (event) => failures.push(event) });
    const reauthentication = nextReauthentication(source);
    await rotateNow(source);
    expect(await reauthentication).toMatchObject({ version: 2 });
    expect(failures).toEqual([]);
  });

  it('A11 sends AUTH after a MULTI that the server refused', async () => {
    source = emulatedCredentials(emulator);
    const { gate } = emulator.redis;
    const { objectId } = emulator.identity;
    const redis = create();
    await redis.ping();
    await gate.assign(objectId, '~* &* +@all -multi');
    await expect(redis.multi({ pipeline: false })).rejects.toThrow('NOPERM');
    await gate.assign(objectId);
    const reauthentication = nextReauthentication(source);
    await rotateNow(source);
    expect(await reauthentication).toMatchObject({ version: 2 });
  });

  it('A9 replaces a RESP2 subscriber when its token expires and subscribes again', async () => {
    source = emulatedCredentials(emulator, { lifetimeMs: 1000 });
    const subscriber = create({ protocol: 2 });
    const publisher = create();
    await subscriber.subscribe('news');
    await emulator.redis.gate.once('closed', ({ reason }) => reason === 'expired');
    await next(subscriber, 'ready');
    const message = next(subscriber, 'message');
    while ((await publisher.publish('news', 'hello')) === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await message).toEqual(['news', 'hello']);
    expect(clients.errors).toEqual([]);
  });

  it('A9 re-authenticates a RESP2 connection as soon as it has left subscriber mode', async () => {
    source = emulatedCredentials(emulator);
    const { retries, deferred } = watchRegistrations();
    const redis = create({ protocol: 2 });
    const id = await gateId(redis);
    await redis.subscribe('a', 'b');
    await rotateNow(source);
    await deferred;
    expect(emulator.redis.gate.auths(id)).toHaveLength(1);
    const reauthentication = nextReauthentication(source);
    await redis.unsubscribe();
    expect(retries()).toBe(1);
    await reauthentication;
    expect(emulator.redis.gate.auths(id)).toHaveLength(2);
  });

  it('sends AUTH at once on a connection that was attached after its handshake', async () => {
    source = emulatedCredentials(emulator);
    const redis = clients.track(new Redis(emulator.redis.port, withCredentials({}, source.credentials)));
    const id = await gateId(redis);
    const reauthentication = nextReauthentication(source);
    attach(redis, source.credentials);
    await reauthentication;
    expect(emulator.redis.gate.auths(id).map(({ kind }) => kind)).toEqual(['HELLO', 'AUTH']);
  });

  it('A7 keeps a monitor by reconnecting it, also when its new handshake is refused once', async () => {
    source = emulatedCredentials(emulator, { lifetimeMs: 1000 });
    const redis = create();
    await redis.ping();
    const monitor = clients.track(await redis.monitor());
    expect(source.credentials.reauthenticator.status().connections).toBe(1);
    const { gate } = emulator.redis;
    await gate.once('closed', ({ reason }) => reason === 'expired');
    gate.refuseNext(1);
    await next(monitor, 'monitoring');
    const seen = next(monitor, 'monitor');
    await redis.set('watched', '1');
    expect((await seen)[1]).toEqual(['set', 'watched', '1']);
    expect(clients.errors).toMatchObject([{ command: { name: 'hello', args: ['[redacted]'] } }]);
  });
});
