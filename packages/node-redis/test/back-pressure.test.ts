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

/** Resolves when a live connection has taken the token of that version. */
function reauthenticated(provider: NodeRedisCredentialsProvider, version: number): Promise<void> {
  return new Promise((resolve) => {
    provider.credentialsProvider.reauthenticator.observe({
      onReauthenticated: (event) => {
        if (event.version === version) resolve();
      },
    });
  });
}

describe('an AUTH that the client cannot write', () => {
  it('[row i] and writes on its next connection, after the handshake, is followed by the newest token', async () => {
    const provider = fixture.provider();
    await stalledClient(provider);
    const { tokenManager } = provider.credentialsProvider;
    const queued = nextAuth('start');
    await tokenManager.getToken({ forceRefresh: true });
    await queued;
    const newest = await tokenManager.getToken({ forceRefresh: true });
    const before = fixture.gate.auths().length;
    const corrected = reauthenticated(provider, newest.version);
    proxy.cutAll();
    await corrected;
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
