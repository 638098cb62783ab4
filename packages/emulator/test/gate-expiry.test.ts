import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { type Emulator, type OpenConnection, startEmulator } from '../src/index.js';
import { RawClient } from './raw-client.js';

/** How late a close may be on a busy machine; far less than the next token's life. */
const LATE_MS = 1500;

let emulator: Emulator;
let user: string;

beforeAll(async () => {
  emulator = await startEmulator();
  user = emulator.identity.objectId;
});

afterAll(() => emulator.close());

/** A token and the end of its life, epoch ms. */
function shortToken(lifetimeMs: number): { readonly token: string; readonly expiresAtMs: number } {
  const token = emulator.identity.issueToken({ lifetimeMs });
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    exp: number;
  };
  return { token, expiresAtMs: claims.exp * 1000 };
}

async function signedIn(token: string): Promise<RawClient> {
  const client = await RawClient.connect(emulator.redis.port);
  expect(await client.roundTrip(['AUTH', user, token])).toBe('+OK\r\n');
  return client;
}

/** The gate's view of a client's connection. */
function openConnection(client: RawClient): OpenConnection {
  const { localPort } = client.socket;
  const found = emulator.redis.gate.openConnections().find((open) => open.remotePort === localPort);
  if (found === undefined) throw new Error('the gate knows no such connection');
  return found;
}

// Side by side, as each waits for a token of whole seconds to run out.
describe('RedisGate: expiry', () => {
  it.concurrent('closes the connection at the end of its token, not before, and without a word', async () => {
    const { token, expiresAtMs } = shortToken(1000);
    const client = await signedIn(token);
    const { gate } = emulator.redis;
    const { remotePort, connectionId } = openConnection(client);
    const closedBefore = gate.closedByExpiry;
    const reported = gate.once('closed', (event) => event.connectionId === connectionId);
    const closedAtMs = await client.closed;
    expect(closedAtMs).toBeGreaterThanOrEqual(expiresAtMs);
    expect(closedAtMs).toBeLessThan(expiresAtMs + LATE_MS);
    expect(await client.until('nothing')).toBe('');
    expect(await reported).toMatchObject({ reason: 'expired', username: user, remotePort });
    expect(gate.closedByExpiry).toBeGreaterThan(closedBefore);
    expect(gate.openConnections().map((open) => open.connectionId)).not.toContain(connectionId);
  });

  it.concurrent('keeps the connection until the end of a newer token that was accepted', async () => {
    const first = shortToken(1000);
    const client = await signedIn(first.token);
    const second = shortToken(2000);
    expect(await client.roundTrip(['AUTH', user, second.token])).toBe('+OK\r\n');
    expect(second.expiresAtMs).toBeGreaterThan(first.expiresAtMs);
    expect(await client.closed).toBeGreaterThanOrEqual(second.expiresAtMs);
  });

  it.concurrent('closes at the end of the token accepted last, even when an earlier one lives longer', async () => {
    const long = shortToken(60_000);
    const client = await signedIn(long.token);
    const short = shortToken(1000);
    await client.roundTrip(['AUTH', user, short.token]);
    const closedAtMs = await client.closed;
    expect(closedAtMs).toBeGreaterThanOrEqual(short.expiresAtMs);
    expect(closedAtMs).toBeLessThan(long.expiresAtMs);
  });

  it.concurrent('does not prolong a connection by a token that was refused', async () => {
    const { token, expiresAtMs } = shortToken(1000);
    const client = await signedIn(token);
    await client.roundTrip([
      'AUTH',
      user,
      emulator.identity.issueToken({ audience: 'https://other.example' }),
    ]);
    const closedAtMs = await client.closed;
    expect(closedAtMs).toBeLessThan(expiresAtMs + LATE_MS);
  });

  it.concurrent('does not prolong a connection by a token whose AUTH was queued in a transaction and discarded', async () => {
    const { token, expiresAtMs } = shortToken(1000);
    const client = await signedIn(token);
    const longer = emulator.identity.issueToken({ lifetimeMs: 60_000 });
    expect(await client.roundTrip(['MULTI'], ['AUTH', user, longer], ['DISCARD'])).toBe(
      '+OK\r\n+QUEUED\r\n+OK\r\n',
    );
    expect(await client.closed).toBeLessThan(expiresAtMs + LATE_MS);
  });

  it.concurrent('cuts a blocking command when the token runs out', async () => {
    const { token, expiresAtMs } = shortToken(1000);
    const client = await signedIn(token);
    client.send(['BLPOP', 'nothing-comes', '0']);
    expect(await client.closed).toBeGreaterThanOrEqual(expiresAtMs);
    expect(await client.until('nothing')).toBe('');
  });

  it.concurrent('cuts a RESP2 subscriber, which cannot AUTH again', async () => {
    const { token, expiresAtMs } = shortToken(1000);
    const client = await signedIn(token);
    const { connectionId } = openConnection(client);
    client.send(['SUBSCRIBE', 'news'], ['AUTH', user, emulator.identity.issueToken()]);
    const reply = await client.until("Can't execute 'auth'");
    expect(reply).toContain('$9\r\nsubscribe\r\n');
    expect(await client.closed).toBeGreaterThanOrEqual(expiresAtMs);
    expect(emulator.redis.gate.auths(connectionId).at(-1)).toMatchObject({
      accepted: false,
      reason: 'server',
    });
  });

  it.concurrent('keeps a RESP3 subscriber that signs in again, and its subscription', async () => {
    const first = shortToken(1000);
    const client = await RawClient.connect(emulator.redis.port);
    await client.roundTrip(['HELLO', '3', 'AUTH', user, first.token]);
    await client.roundTrip(['SUBSCRIBE', 'news']);
    const second = shortToken(2000);
    expect(await client.roundTrip(['AUTH', user, second.token])).toBe('+OK\r\n');
    expect(await client.closed).toBeGreaterThanOrEqual(second.expiresAtMs);
  });

  it.concurrent('lets the client of redis 6 reconnect with the next token', async () => {
    const client = createClient({
      url: emulator.redis.url,
      credentialsProvider: {
        type: 'async-credentials-provider',
        credentials: async () => ({ username: user, password: shortToken(1000).token }),
      },
    });
    client.on('error', () => undefined);
    await client.connect();
    await new Promise((resolve) => client.once('ready', resolve));
    expect(await client.aclWhoAmI()).toBe(user);
    await client.close();
  });

  it.concurrent('never closes a connection that did not sign in, or that signed out with RESET', async () => {
    const idle = await RawClient.connect(emulator.redis.port);
    const signedOut = await signedIn(shortToken(1000).token);
    expect(await signedOut.roundTrip(['RESET'])).toBe('+RESET\r\n');
    const { token } = shortToken(1000);
    const other = await signedIn(token);
    await other.closed;
    expect(await idle.roundTrip(['GET', 'a'])).toBe('-NOAUTH Authentication required.\r\n');
    expect(await signedOut.roundTrip(['PING'])).toBe('-NOAUTH Authentication required.\r\n');
    idle.destroy();
    signedOut.destroy();
  });
});
