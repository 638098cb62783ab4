import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCredentialsProvider as createCoreCredentialsProvider } from '@entraid/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createCredentialsProvider,
  type EntraIdError,
  type NodeRedisCredentialsProvider,
  TokenManager,
} from '../src/index.js';
import { AT_ONCE, Fixture, rotate } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.close());

describe('createCredentialsProvider', () => {
  it('takes a token manager, and leaves it open when it is closed', async () => {
    const tokenManager = new TokenManager(fixture.identityProvider(), { minRequestIntervalMs: 50 });
    const provider = fixture.keepProvider(createCredentialsProvider(tokenManager));
    expect(provider.credentialsProvider.tokenManager).toBe(tokenManager);
    await fixture.client(provider).connect();
    provider.close();
    expect(tokenManager.status().state).toBe('valid');
    tokenManager.close();
  });

  it('takes the credentials provider of core or of an adapter: both sides share 1 token and 1 reauthenticator', async () => {
    const core = createCoreCredentialsProvider(fixture.identityProvider(), AT_ONCE);
    const first = fixture.keepProvider(createCredentialsProvider(core));
    const second = fixture.keepProvider(createCredentialsProvider(first));
    expect(first.credentialsProvider).toBe(core);
    expect(second.credentialsProvider).toBe(core);
    await Promise.all([fixture.client(first).connect(), fixture.client(second).connect()]);
    expect(fixture.requests).toBe(1);
    const before = fixture.gate.auths().length;
    await rotate(first);
    expect(fixture.gate.auths().length - before).toBe(2);
    core.close();
  });

  it('tells each provider of a shared source about its own connections only', async () => {
    const core = createCoreCredentialsProvider(fixture.identityProvider(), AT_ONCE);
    const told: string[] = [];
    const providers = ['first', 'second'].map((name) =>
      fixture.keepProvider(
        createCredentialsProvider(core, { onReAuthenticationError: () => told.push(name) }),
      ),
    );
    const refused = fixture.gate.once('auth', ({ accepted }) => !accepted);
    for (const provider of providers) await fixture.client(provider).connect();
    const handshakes = fixture.gate.auths().slice(-2);
    fixture.gate.refuseNext(1);
    await rotate(providers[0] as NodeRedisCredentialsProvider);
    const { connectionId } = await refused;
    expect(told).toEqual([connectionId === handshakes[0]?.connectionId ? 'first' : 'second']);
    core.close();
  });

  it('closing one of two providers of a source stops neither the other nor its clients', async () => {
    const core = createCoreCredentialsProvider(fixture.identityProvider(), AT_ONCE);
    const [first, second] = [core, core].map((source) =>
      fixture.keepProvider(createCredentialsProvider(source)),
    );
    if (first === undefined || second === undefined) throw new TypeError('there are two');
    const [, client] = await Promise.all([fixture.client(first).connect(), fixture.client(second).connect()]);
    first.close();
    expect(core.reauthenticator.status().connections).toBe(1);
    const late = fixture.client(first, { socket: { reconnectStrategy: false } });
    await expect(late.connect()).rejects.toMatchObject({ code: 'CLOSED' });
    await rotate(second);
    expect(await client.ping()).toBe('PONG');
    core.close();
  });

  it('does nothing more for clients whose shared source was closed by its owner', async () => {
    const core = createCoreCredentialsProvider(fixture.identityProvider(), AT_ONCE);
    const told: EntraIdError[] = [];
    const provider = fixture.keepProvider(
      createCredentialsProvider(core, { onReAuthenticationError: (error) => told.push(error) }),
    );
    const client = await fixture.client(provider).connect();
    core.close();
    expect(core.reauthenticator.status().connections).toBe(0);
    expect(await client.ping()).toBe('PONG');
    await client.close();
    expect(told).toEqual([]);
  });

  it('registers nothing for a client that becomes ready after its shared source was closed', async () => {
    const core = createCoreCredentialsProvider(fixture.identityProvider(), AT_ONCE);
    const published: unknown[] = [];
    const onMessage = (message: unknown): number => published.push(message);
    subscribe('entraid:listener:error', onMessage);
    const provider = fixture.keepProvider(
      createCredentialsProvider(core, { onReAuthenticationError: () => {} }),
    );
    const leave = fixture.gate.on('auth', () => core.close());
    const client = await fixture.client(provider).connect();
    leave();
    expect(await client.ping()).toBe('PONG');
    expect(core.reauthenticator.status().connections).toBe(0);
    expect(published).toEqual([]);
    unsubscribe('entraid:listener:error', onMessage);
  });

  it('takes options for a source of its own only', () => {
    const core = createCoreCredentialsProvider(fixture.identityProvider());
    expect(() => createCredentialsProvider(core, { requestTimeoutMs: 5000 })).toThrow('requestTimeoutMs');
    expect(() => createCredentialsProvider(core.tokenManager, { requestTimeoutMs: 5000 })).toThrow(
      'requestTimeoutMs',
    );
    expect(() => createCredentialsProvider(undefined as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
    expect(() => createCredentialsProvider({} as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
    core.close();
  });
});
