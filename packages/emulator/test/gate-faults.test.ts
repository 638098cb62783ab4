import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Emulator,
  EmulatorError,
  ERR_WRONGPASS,
  RedisGate,
  type RedisGateOptions,
  startEmulator,
  TokenVerifier,
  WRONGPASS,
} from '../src/index.js';
import { RawClient } from './raw-client.js';

let emulator: Emulator;
let user: string;

beforeAll(async () => {
  emulator = await startEmulator({ clients: [{}, {}] });
  user = emulator.identity.objectId;
});

afterAll(() => emulator.close());

async function signedIn(): Promise<RawClient> {
  const client = await RawClient.connect(emulator.redis.port);
  expect(await client.roundTrip(['AUTH', user, emulator.identity.issueToken()])).toBe('+OK\r\n');
  return client;
}

describe('RedisGate.refuseNext', () => {
  it.each([
    ['by default as Redis does', undefined, `-${WRONGPASS}\r\n`],
    ['with the prefix of Azure Cache for Redis', ERR_WRONGPASS, `-${ERR_WRONGPASS}\r\n`],
    ['with any line', 'LOADING dataset', '-LOADING dataset\r\n'],
  ])('refuses good tokens %s, in order, for as many as asked', async (_, text, line) => {
    const client = await signedIn();
    emulator.redis.gate.refuseNext(2, text);
    const auth = ['AUTH', user, emulator.identity.issueToken()];
    const reply = await client.roundTrip(['ECHO', 'a'], auth, ['ECHO', 'b'], auth, auth);
    expect(reply).toBe(`$1\r\na\r\n${line}$1\r\nb\r\n${line}+OK\r\n`);
    const reasons = emulator.redis.gate.auths().slice(-3);
    expect(reasons.map((auth) => auth.reason)).toEqual(['refuse-next', 'refuse-next', undefined]);
    client.destroy();
  });

  it('refuses HELLO too, and leaves the connection signed in as it was', async () => {
    const client = await signedIn();
    emulator.redis.gate.refuseNext(1, ERR_WRONGPASS);
    const token = emulator.identity.issueToken();
    expect(await client.roundTrip(['HELLO', '3', 'AUTH', user, token], ['ACL', 'WHOAMI'])).toBe(
      `-${ERR_WRONGPASS}\r\n$36\r\n${user}\r\n`,
    );
    client.destroy();
  });

  it.each<[unknown, unknown]>([
    [-1, WRONGPASS],
    [1.5, WRONGPASS],
    [Number.NaN, WRONGPASS],
    [1, ''],
    [1, 'two\r\nlines'],
  ])('throws INVALID_OPTION for %j, %j', (count, text) => {
    expect(() => emulator.redis.gate.refuseNext(count as number, text as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});

describe('RedisGate.revoke', () => {
  it('refuses the token from then on, and leaves open connections and other tokens alone', async () => {
    const token = emulator.identity.issueToken();
    const client = await RawClient.connect(emulator.redis.port);
    await client.roundTrip(['AUTH', user, token]);
    emulator.redis.gate.revoke(token);
    expect(await client.roundTrip(['AUTH', user, token], ['ACL', 'WHOAMI'])).toBe(
      `-${WRONGPASS}\r\n$36\r\n${user}\r\n`,
    );
    expect(emulator.redis.gate.auths().at(-1)).toMatchObject({ reason: 'revoked' });
    expect(await client.roundTrip(['AUTH', user, emulator.identity.issueToken()])).toBe('+OK\r\n');
    client.destroy();
  });
});

describe('RedisGate.killAll and kill', () => {
  it('cut every connection, or one, and report each as killed', async () => {
    const clients = [await signedIn(), await signedIn(), await signedIn()];
    const [first] = emulator.redis.gate.openConnections().slice(-3);
    const reasons: string[] = [];
    const stop = emulator.redis.gate.on('closed', (event) => reasons.push(event.reason));
    expect(emulator.redis.gate.kill(first?.connectionId ?? 0)).toBe(true);
    expect(emulator.redis.gate.kill(first?.connectionId ?? 0)).toBe(false);
    await clients[0]?.closed;
    expect(emulator.redis.gate.killAll()).toBeGreaterThanOrEqual(2);
    await Promise.all(clients.map((client) => client.closed));
    expect(new Set(reasons)).toEqual(new Set(['killed']));
    expect(emulator.redis.gate.connections.open).toBe(0);
    stop();
  });
});

describe('RedisGate.assign and unassign', () => {
  it('gives access to every registered client, and to nobody else', async () => {
    const [, second] = emulator.identity.clients;
    const { objectId = '', clientId = '' } = second ?? {};
    const client = await RawClient.connect(emulator.redis.port);
    const token = emulator.identity.issueToken({ objectId, clientId });
    expect(await client.roundTrip(['AUTH', objectId, token])).toBe('+OK\r\n');
    const stranger = randomUUID();
    const strange = emulator.identity.issueToken({ objectId: stranger });
    expect(await client.roundTrip(['AUTH', stranger, strange])).toBe(`-${WRONGPASS}\r\n`);
    expect(emulator.redis.gate.auths().at(-1)).toMatchObject({ reason: 'not-assigned' });
    client.destroy();
  });

  it('changes what an identity may do on open connections, and takes its access away by closing them', async () => {
    const objectId = randomUUID();
    const token = emulator.identity.issueToken({ objectId });
    await emulator.redis.gate.assign(objectId);
    const client = await RawClient.connect(emulator.redis.port);
    expect(await client.roundTrip(['AUTH', objectId, token], ['SET', 'app:1', 'x'])).toBe('+OK\r\n+OK\r\n');
    await emulator.redis.gate.assign(objectId, '~app:* +@read');
    const reply = await client.roundTrip(['SET', 'app:1', 'y'], ['GET', 'app:1'], ['GET', 'other']);
    expect(reply).toMatch(/^-NOPERM .*'set'.*\r\n\$1\r\nx\r\n-NOPERM /);
    await emulator.redis.gate.unassign(objectId);
    await client.closed;
    const again = await RawClient.connect(emulator.redis.port);
    expect(await again.roundTrip(['AUTH', objectId, token])).toBe(`-${WRONGPASS}\r\n`);
    again.destroy();
  });

  it('reports rules that the server does not know', async () => {
    const assigning = emulator.redis.gate.assign(user, '+@nosuchcategory');
    await expect(assigning).rejects.toMatchObject({ code: 'REDIS_SERVER_FAILED' });
    await expect(assigning).rejects.toThrow(/ACL SETUSER.*nosuchcategory/);
  });

  it.each(['', 'default', 'two words', 'entraid-emulator-x'])(
    'throws INVALID_OPTION for the id %j',
    async (id) => {
      await expect(emulator.redis.gate.assign(id)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    },
  );
});

describe('RedisGate.start', () => {
  it('stands alone before any server, with any verifier', async () => {
    const verifier = new TokenVerifier({
      keys: () => Promise.resolve(emulator.identity.jwks),
      tenantId: emulator.identity.tenantId,
    });
    await using gate = await RedisGate.start({
      server: emulator.redis.gate.server,
      verifier,
      assigned: [user],
    });
    const client = await RawClient.connect(gate.port);
    expect(await client.roundTrip(['AUTH', user, emulator.identity.issueToken()])).toBe('+OK\r\n');
    client.destroy();
    const first = await signedIn();
    expect(await first.roundTrip(['PING'])).toBe('+PONG\r\n');
    first.destroy();
  });

  it('refuses every token while the keys cannot be had', async () => {
    const verifier = new TokenVerifier({
      keys: () => Promise.reject(new Error('no keys')),
      tenantId: emulator.identity.tenantId,
    });
    await using gate = await RedisGate.start({
      server: emulator.redis.gate.server,
      verifier,
      assigned: [user],
    });
    const client = await RawClient.connect(gate.port);
    expect(await client.roundTrip(['AUTH', user, emulator.identity.issueToken()])).toBe(`-${WRONGPASS}\r\n`);
    expect(gate.auths()[0]).toMatchObject({ reason: 'keys-unavailable' });
    client.destroy();
  });

  it.each<[Partial<Record<keyof RedisGateOptions, unknown>>, RegExp]>([
    [{ server: undefined }, /server\.host must be a non-empty string/],
    [{ server: { host: '127.0.0.1', port: 0 } }, /server\.port must be an integer from 1 to 65535/],
    [{ verifier: {} }, /verifier must be a TokenVerifier/],
    [{ assigned: 'me' }, /assigned must be an array/],
    [{ assigned: [''] }, /assigned must be a non-empty string/],
    [{ port: 65_536 }, /port must be an integer from 0 to 65535/],
    [{ tls: { key: 'x' } }, /tls\.cert must be a non-empty string/],
  ])('throws INVALID_OPTION for %j', async (options, message) => {
    const good = { server: emulator.redis.gate.server, verifier: emulator.identity.verifier };
    const starting = RedisGate.start({ ...good, ...options } as RedisGateOptions);
    await expect(starting).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(starting).rejects.toThrow(message);
  });

  it('rejects when the server cannot be reached', async () => {
    const { verifier } = emulator.identity;
    const starting = RedisGate.start({ server: { host: '127.0.0.1', port: 1 }, verifier });
    await expect(starting).rejects.toMatchObject({ code: 'REDIS_SERVER_FAILED' });
  });

  it('rejects when the port is taken', async () => {
    const { verifier } = emulator.identity;
    const starting = RedisGate.start({
      server: emulator.redis.gate.server,
      verifier,
      port: emulator.redis.port,
    });
    await expect(starting).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' });
  });

  it('cuts its connections with close(), and reports them as killed', async () => {
    const { verifier } = emulator.identity;
    const gate = await RedisGate.start({ server: emulator.redis.gate.server, verifier });
    const client = await RawClient.connect(gate.port);
    await client.roundTrip(['PING']);
    const closed = gate.once('closed');
    await gate.close();
    expect(await closed).toMatchObject({ reason: 'killed', remotePort: client.socket.localPort });
    await client.closed;
  });

  it('ends a wait for an event with CLOSED, and close() twice is fine', async () => {
    const { verifier } = emulator.identity;
    const gate = await RedisGate.start({ server: emulator.redis.gate.server, verifier });
    const waiting = gate.once('auth');
    await gate.close();
    await gate.close();
    await expect(waiting).rejects.toBeInstanceOf(EmulatorError);
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
