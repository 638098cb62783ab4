import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { TimeoutError } from 'redis';
import type { EntraIdError, NodeRedisCredentialsProvider } from '../src/index.js';
import { AT_ONCE, type Client, emitted, Fixture, nextAuth } from './fixture.js';
import { TcpProxy } from './tcp-proxy.js';

let fixture: Fixture;
let proxy: TcpProxy;

beforeAll(async () => {
  fixture = await Fixture.start();
  proxy = await TcpProxy.start(fixture.emulator.redis.port);
});
afterEach(() => fixture.endTest());
afterAll(async () => {
  await proxy.close();
  await fixture.close();
});

/** 20 of them are more than the sockets on the way hold (Linux: 4 MB to send and 6 MB to receive). */
const BIG = 'x'.repeat(1_000_000);

/** A client whose socket takes nothing more: what it is asked to send waits in its queue. */
async function stalledClient(provider: NodeRedisCredentialsProvider, options = {}): Promise<Client> {
  const client = await fixture.client(provider, { ...options, socket: { port: proxy.port } }).connect();
  proxy.stall();
  // They must not leave the queue before what is queued behind them.
  for (let i = 0; i < 20; i++) client.sendCommand(['SET', 'big', BIG], { timeout: 60_000 }).catch(() => {});
  return client;
}

/** Resolves when the live connection is signed in with the manager's current token. */
function signedInWithCurrent({ credentialsProvider }: NodeRedisCredentialsProvider): Promise<unknown> {
  const { tokenManager } = credentialsProvider;
  return fixture.gate.once(
    'auth',
    ({ accepted, kind, expiresAtMs }) =>
      accepted && kind === 'AUTH' && expiresAtMs === tokenManager.status().expiresAtMs,
  );
}

describe('an AUTH that the client cannot write', () => {
  it('[row i] and writes on its next connection, after the handshake, is followed by the newest token', async () => {
    const provider = fixture.provider();
    const client = await stalledClient(provider);
    const { tokenManager } = provider.credentialsProvider;
    const queued = nextAuth('start');
    await tokenManager.getToken({ forceRefresh: true });
    await queued;
    const newest = await tokenManager.getToken({ forceRefresh: true });
    const before = fixture.gate.auths().length;
    const corrected = signedInWithCurrent(provider);
    proxy.cutAll();
    await corrected;
    await client.sendCommand(['PING'], { timeout: 60_000 });
    const auths = fixture.gate.auths().slice(before);
    expect(auths.map(({ kind }) => kind)).toEqual(['HELLO', 'AUTH', 'AUTH']);
    expect(auths[0]?.expiresAtMs).toBe(newest.expiresAtMs);
    expect(auths[1]?.expiresAtMs).toBeLessThan(newest.expiresAtMs);
    expect(fixture.gate.openConnections()[0]?.expiresAtMs).toBe(newest.expiresAtMs);
    expect(provider.credentialsProvider.reauthenticator.status()).toEqual({ connections: 1, behind: 0 });
  });

  it('[row r] before the command timeout is tried again, and told with the timeout as cause', async () => {
    const told: EntraIdError[] = [];
    const provider = fixture.provider({
      ...AT_ONCE,
      onReAuthenticationError: (error) => told.push(error),
    });
    const client = await stalledClient(provider, { commandOptions: { timeout: 100 } });
    const { tokenManager } = provider.credentialsProvider;
    const timedOut = nextAuth('asyncEnd');
    await tokenManager.getToken({ forceRefresh: true });
    expect(await timedOut).toMatchObject({ error: expect.any(TimeoutError) });
    const ready = emitted(client, 'ready');
    proxy.cutAll();
    await ready;
    expect(await client.sendCommand(['PING'], { timeout: 60_000 })).toBe('PONG');
    expect(told).toMatchObject([{ code: 'REAUTHENTICATION_FAILED', cause: expect.any(TimeoutError) }]);
    expect(provider.credentialsProvider.reauthenticator.status()).toEqual({ connections: 1, behind: 0 });
  });
});
