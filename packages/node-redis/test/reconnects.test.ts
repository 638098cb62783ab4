import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createClientPool } from 'redis';
import { rawToken } from '../src/index.js';
import { AT_ONCE, emitted, Fixture, rotate } from './fixture.js';
import { ResettableProxy } from './resettable-proxy.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.close());

describe('a client that reconnects', () => {
  it.each([0, 1, 5, 20])('[row a] sends one AUTH per rotation after %d reconnects', async (reconnects) => {
    const provider = fixture.provider();
    const opened = fixture.gate.connections.total;
    const client = await fixture.client(provider).connect();
    for (let i = 0; i < reconnects; i++) {
      const ready = emitted(client, 'ready');
      fixture.gate.killAll();
      await ready;
    }
    expect(fixture.gate.connections.total - opened).toBe(reconnects + 1);
    const before = fixture.gate.auths().length;
    await rotate(provider);
    await client.ping();
    expect(fixture.gate.auths().slice(before)).toMatchObject([{ kind: 'AUTH', accepted: true }]);
    expect(provider.credentialsProvider.reauthenticator.status()).toEqual({ connections: 1, behind: 0 });
    expect(fixture.requests).toBe(2);
  });

  it('[row a] keeps one registration when the write of another client breaks its connection', async () => {
    const proxy = await ResettableProxy.start(fixture.emulator.redis.port);
    const provider = fixture.provider();
    const other = await fixture.client(provider).connect();
    const client = fixture.client(provider, { socket: { port: proxy.port } });
    // Everything that the listener does, the write included, runs in the other client's asynchronous context.
    const brokenByWrite = new Promise<void>((resolve) => {
      other.once('ready', () => {
        client.set('key', 'value').catch(() => {});
        proxy.resetAllBeforeNextEvent();
        resolve();
      });
    });
    await client.connect();
    const ready = emitted(client, 'ready');
    fixture.gate.kill(fixture.gate.openConnections()[0]?.connectionId as number);
    await brokenByWrite;
    await ready;
    expect(fixture.errors.map(String)).toContainEqual(expect.stringMatching(/write (ECONNRESET|EPIPE)/));
    for (let i = 0; i < 2; i++) {
      const allReady = Promise.all([emitted(client, 'ready'), emitted(other, 'ready')]);
      fixture.gate.killAll();
      await allReady;
    }
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(2);
    const before = fixture.gate.auths().length;
    await rotate(provider);
    await Promise.all([client.ping(), other.ping()]);
    expect(fixture.gate.auths().length - before).toBe(2);
    client.destroy();
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(1);
    other.destroy();
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(0);
    await proxy.close();
  });

  it('[row a] is not taken for another client whose handshake runs in its asynchronous context', async () => {
    const provider = fixture.provider();
    const client = fixture.client(provider);
    const sent: string[] = [];
    const subscribed = new Promise<[unknown, { dispose(): void }]>((resolve) => {
      client.once('ready', () => {
        const onNext = ({ password = '' }): void => void sent.push(password);
        resolve(provider.subscribe({ onNext, onError: () => {} }));
      });
    });
    await client.connect();
    const [, subscription] = await subscribed;
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(2);
    const before = fixture.gate.auths().length;
    await rotate(provider);
    await client.ping();
    expect(fixture.gate.auths().length - before).toBe(1);
    expect(sent).toHaveLength(1);
    subscription.dispose();
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(1);
  });

  it('[row a2] [row u] asks for no token and keeps one registration through 5 resets', async () => {
    const provider = fixture.provider();
    const client = await fixture.client(provider).connect();
    for (let i = 0; i < 5; i++) await client.reset();
    expect(fixture.requests).toBe(1);
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(1);
    const ready = emitted(client, 'ready');
    fixture.gate.killAll();
    await ready;
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(1);
    const before = fixture.gate.auths().length;
    await rotate(provider);
    await client.ping();
    expect(fixture.gate.auths().length - before).toBe(1);
  });

  it('[row a2] has one registration after 10 refused handshakes and none after it gave up', async () => {
    const provider = fixture.provider();
    fixture.gate.refuseNext(10);
    const client = await fixture.client(provider).connect();
    expect(fixture.errors).toHaveLength(10);
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(1);
    client.destroy();
    fixture.gate.refuseNext(1);
    const givesUp = fixture.client(provider, { socket: { reconnectStrategy: false } });
    await expect(givesUp.connect()).rejects.toThrow('WRONGPASS');
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(0);
  });

  it('[row c] [row m] sends one HELLO after 3 connections broke while the first token was on its way', async () => {
    let deliver = (): void => {};
    const provider = fixture.provider(AT_ONCE, {
      requestToken: () =>
        new Promise((resolve) => {
          deliver = () => resolve(rawToken(fixture.token()));
        }),
    });
    const before = fixture.gate.auths().length;
    const client = fixture.client(provider);
    const connected = client.connect();
    for (let i = 0; i < 3; i++) {
      await emitted(client, 'connect');
      fixture.gate.killAll();
      await emitted(client, 'error');
    }
    await emitted(client, 'connect');
    deliver();
    await connected;
    await client.ping();
    expect(fixture.gate.auths().slice(before)).toMatchObject([{ kind: 'HELLO', accepted: true }]);
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(1);
  });

  it('[row i] signs in once, with the newest token, after 3 rotations while it was offline', async () => {
    const provider = fixture.provider();
    const client = await fixture.client(provider, { socket: { reconnectStrategy: 400 } }).connect();
    fixture.gate.refuseNext(1);
    const refused = fixture.gate.once('auth', ({ accepted }) => !accepted);
    const ready = emitted(client, 'ready');
    fixture.gate.killAll();
    await refused;
    const { tokenManager } = provider.credentialsProvider;
    for (let i = 0; i < 3; i++) await tokenManager.getToken({ forceRefresh: true });
    const before = fixture.gate.auths().length;
    await ready;
    await client.ping();
    const { expiresAtMs } = tokenManager.status();
    expect(fixture.gate.auths().slice(before)).toMatchObject([
      { kind: 'HELLO', accepted: true, expiresAtMs },
    ]);
  });

  it('[row o] is one of 10 in a pool: 10 AUTHs per rotation after 3 reconnects of all, none left after its close', async () => {
    const provider = fixture.provider();
    const { host, port } = fixture.emulator.redis;
    const pool = fixture.keepClient(
      createClientPool(
        { socket: { host, port, reconnectStrategy: 20 }, credentialsProvider: provider },
        { minimum: 10 },
      ),
    );
    await pool.connect();
    const { reauthenticator } = provider.credentialsProvider;
    for (let i = 0; i < 3; i++) {
      let left = 10;
      const back = new Promise<void>((resolve) => {
        const leave = fixture.gate.on('auth', () => {
          left--;
          if (left > 0) return;
          leave();
          resolve();
        });
      });
      fixture.gate.killAll();
      await back;
      await Promise.all(Array.from({ length: 10 }, () => pool.execute((client) => client.ping())));
    }
    expect(reauthenticator.status().connections).toBe(10);
    const before = fixture.gate.auths().length;
    await rotate(provider);
    await Promise.all(Array.from({ length: 10 }, () => pool.execute((client) => client.ping())));
    expect(fixture.gate.auths().length - before).toBe(10);
    await pool.close();
    expect(reauthenticator.status().connections).toBe(0);
  });
});
