import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { type Emulator, startEmulator, startIdentityEmulator } from '../src/index.js';
import { RawClient } from './raw-client.js';

const WRONGPASS = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';

let emulator: Emulator;
let user: string;

beforeAll(async () => {
  emulator = await startEmulator();
  user = emulator.identity.objectId;
});

afterAll(() => emulator.close());

function open(): Promise<RawClient> {
  return RawClient.connect(emulator.redis.port);
}

describe('RedisGate: AUTH and HELLO', () => {
  it('takes a token as the password of its object id, by AUTH', async () => {
    const client = await open();
    const reply = await client.roundTrip(['AUTH', user, emulator.identity.issueToken()], ['ACL', 'WHOAMI']);
    expect(reply).toBe(`+OK\r\n$36\r\n${user}\r\n`);
    client.destroy();
  });

  it('takes a token by HELLO 3 AUTH, and the reply is the map that the server gives', async () => {
    const client = await open();
    const token = emulator.identity.issueToken();
    const reply = await client.roundTrip(
      ['HELLO', '3', 'AUTH', user, token, 'SETNAME', 'me'],
      ['CLIENT', 'GETNAME'],
    );
    expect(reply).toMatch(/^%\d+\r\n\$6\r\nserver\r\n\$5\r\nredis\r\n/);
    expect(reply).toContain('$5\r\nproto\r\n:3\r\n');
    expect(reply.endsWith('$2\r\nme\r\n')).toBe(true);
    client.destroy();
  });

  it('takes an inline AUTH, quoted or not', async () => {
    const client = await open();
    client.write(`AUTH ${user} ${emulator.identity.issueToken()}\r\n`);
    expect(await client.until('\r\n')).toBe('+OK\r\n');
    client.write(`auth "${user}" '${emulator.identity.issueToken()}'\n`);
    expect(await client.until('\r\n')).toBe('+OK\r\n');
    client.destroy();
  });

  it('takes a token for the application id of the resource too', async () => {
    const client = await open();
    const token = emulator.identity.issueToken({ audience: 'acca5fbb-b7e4-4009-81f1-37e38fd66d78' });
    expect(await client.roundTrip(['AUTH', user, token])).toBe('+OK\r\n');
    client.destroy();
  });

  it('refuses every command but AUTH and HELLO before a token was accepted', async () => {
    const client = await open();
    expect(await client.roundTrip(['GET', 'a'], ['HELLO', '3'])).toMatch(
      /^-NOAUTH Authentication required\.\r\n-NOAUTH HELLO must be called with the client already authenticated/,
    );
    client.destroy();
  });

  it('refuses an AUTH without a user as a server whose default user is off', async () => {
    const client = await open();
    expect(await client.roundTrip(['AUTH', emulator.identity.issueToken()])).toBe(WRONGPASS);
    expect(emulator.redis.gate.auths().at(-1)).toMatchObject({ username: 'default', reason: 'username' });
    client.destroy();
  });

  it.each([
    ['expired', () => [user, emulator.identity.issueToken({ expired: true })]],
    ['audience', () => [user, emulator.identity.issueToken({ audience: 'https://graph.microsoft.com' })]],
    ['issuer', () => [user, emulator.identity.issueToken({ tenantId: randomUUID() })]],
    ['username', () => [user, emulator.identity.issueToken({ objectId: randomUUID() })]],
    ['malformed', () => [user, 'not-a-token']],
    ['malformed', () => [user, '']],
    ['signature', () => [user, withOtherPayload(emulator.identity.issueToken())]],
  ])('refuses a token for its %s, without saying why', async (reason, credentials) => {
    const refusedBefore = emulator.redis.gate.refused;
    for (const handshake of [['AUTH'], ['HELLO', '3', 'AUTH']]) {
      const client = await open();
      expect(await client.roundTrip([...handshake, ...credentials()])).toBe(WRONGPASS);
      expect(emulator.redis.gate.auths().at(-1)).toMatchObject({
        kind: handshake[0],
        accepted: false,
        reason,
      });
      client.destroy();
    }
    expect(emulator.redis.gate.refused).toBe(refusedBefore + 2);
  });

  it('refuses a token of another emulator by its key', async () => {
    const other = await startIdentityEmulator({ tenantId: emulator.identity.tenantId });
    const client = await open();
    expect(await client.roundTrip(['AUTH', user, other.issueToken({ objectId: user })])).toBe(WRONGPASS);
    expect(emulator.redis.gate.auths().at(-1)).toMatchObject({ accepted: false, reason: 'unknown-key' });
    client.destroy();
    await other.close();
  });

  it('keeps a connection signed in as it was when a later AUTH is refused', async () => {
    const client = await open();
    const good = emulator.identity.issueToken();
    await client.roundTrip(['AUTH', user, good]);
    const expired = emulator.identity.issueToken({ expired: true });
    expect(await client.roundTrip(['AUTH', user, expired], ['ACL', 'WHOAMI'])).toBe(
      `${WRONGPASS}$36\r\n${user}\r\n`,
    );
    const [open_] = emulator.redis.gate.openConnections().slice(-1);
    expect(open_?.username).toBe(user);
    expect(open_?.expiresAtMs).toBeGreaterThan(Date.now());
    client.destroy();
  });

  it('signs a connection out on RESET, and no expiry closes it any more', async () => {
    const client = await open();
    await client.roundTrip(['AUTH', user, emulator.identity.issueToken()]);
    expect(await client.roundTrip(['RESET'], ['GET', 'a'])).toBe(
      '+RESET\r\n-NOAUTH Authentication required.\r\n',
    );
    const [open_] = emulator.redis.gate.openConnections().slice(-1);
    expect(open_).toEqual({ connectionId: open_?.connectionId, remotePort: client.socket.localPort });
    client.destroy();
  });

  it('reports each decision with its connection, kind and time, before the client has the reply', async () => {
    const client = await open();
    const before = Date.now();
    const token = emulator.identity.issueToken({ lifetimeMs: 60_000 });
    await client.roundTrip(['HELLO', '2', 'AUTH', user, token], ['AUTH', user, 'wrong']);
    const remotePort = client.socket.localPort as number;
    const [first, second, ...rest] = emulator.redis.gate
      .auths()
      .filter((auth) => auth.remotePort === remotePort);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ kind: 'HELLO', username: user, accepted: true });
    expect(first?.expiresAtMs).toBeGreaterThanOrEqual(before + 60_000);
    expect(first?.expiresAtMs).toBeLessThan(Date.now() + 61_000);
    expect(second).toMatchObject({ kind: 'AUTH', username: user, accepted: false, reason: 'malformed' });
    expect(first?.at).toBeGreaterThanOrEqual(before);
    expect(emulator.redis.gate.auths(first?.connectionId)).toEqual([first, second]);
    client.destroy();
  });

  it.each([2, 3] as const)('serves the client of redis 6 with RESP%i', async (RESP) => {
    const client = createClient({
      RESP,
      socket: { host: emulator.redis.host, port: emulator.redis.port },
      username: user,
      password: emulator.identity.issueToken(),
    });
    await client.connect();
    await client.set('greeting', 'hello');
    expect(await client.get('greeting')).toBe('hello');
    expect(await client.aclWhoAmI()).toBe(user);
    await client.close();
  });
});

/** The token with a later `exp` under the same signature. */
function withOtherPayload(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const forged = Buffer.from(JSON.stringify({ ...claims, exp: 4_000_000_000 })).toString('base64url');
  return `${header}.${forged}.${signature}`;
}
