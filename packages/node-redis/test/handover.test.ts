import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Fixture, rotate } from './fixture.js';
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

describe('a client that is moved to another address by the server’s maintenance', () => {
  it('has 1 AUTH per rotation on its new connection, and no registration after its close', async () => {
    const provider = fixture.provider();
    const client = await fixture.client(provider, { socket: { port: proxy.port } }).connect();
    const [old] = fixture.gate.openConnections();
    const oldIsClosed = fixture.gate.once('closed', ({ connectionId }) => connectionId === old?.connectionId);
    // Redis Enterprise's notification: sequence number, grace period in s, address.
    const address = `${fixture.emulator.redis.host}:${fixture.emulator.redis.port}`;
    proxy.send(`>4\r\n$6\r\nMOVING\r\n:1\r\n:1\r\n$${address.length}\r\n${address}\r\n`);
    await oldIsClosed;
    expect(await client.ping()).toBe('PONG');

    const open = fixture.gate.openConnections();
    expect(open).toHaveLength(1);
    expect(open[0]?.connectionId).not.toBe(old?.connectionId);
    const { reauthenticator } = provider.credentialsProvider;
    expect(reauthenticator.status().connections).toBe(1);
    for (let i = 0; i < 2; i++) {
      const before = fixture.gate.auths().length;
      await rotate(provider);
      await client.ping();
      expect(fixture.gate.auths().slice(before)).toMatchObject([
        { kind: 'AUTH', accepted: true, connectionId: open[0]?.connectionId },
      ]);
    }
    await client.close();
    expect(reauthenticator.status().connections).toBe(0);
  });
});
