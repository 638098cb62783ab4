import { channel } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildResult, runChild } from './child-process.js';
import { AT_ONCE, emitted, Fixture, rotate } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.close());

const CONNECT = ['tracing:node-redis:connect:start'];
const CONNECTIONS = [
  'node-redis:connection:ready',
  'node-redis:connection:closed',
  'node-redis:connection:handoff',
  'node-redis:error',
];
const COMMANDS = ['tracing:node-redis:command:start', 'tracing:node-redis:command:asyncEnd'];

function heard(): string[] {
  return [...CONNECT, ...CONNECTIONS, ...COMMANDS].filter((name) => channel(name).hasSubscribers);
}

describe('close', () => {
  it.each(['close', 'destroy'] as const)(
    '[row a] client.%s() leaves no registration and one channel',
    async (how) => {
      const provider = fixture.provider({ ...AT_ONCE, onReAuthenticationError: () => {} });
      expect(heard()).toEqual(CONNECT);
      const client = await fixture.client(provider).connect();
      expect(heard()).toEqual([...CONNECT, ...CONNECTIONS]);
      const ready = emitted(client, 'ready');
      fixture.gate.killAll();
      await ready;
      await rotate(provider);
      expect(heard()).toEqual([...CONNECT, ...CONNECTIONS]);
      await client[how]();
      await new Promise(setImmediate);
      expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(0);
      expect(provider.credentialsProvider.tokenManager.status().nextRefreshAtMs).toBeUndefined();
      expect(heard()).toEqual(CONNECT);
    },
  );

  it('provider.close() leaves no channel, with clients connected or not, and can be called twice', async () => {
    const provider = fixture.provider();
    await fixture.client(provider).connect();
    provider.close();
    provider[Symbol.dispose]();
    await new Promise(setImmediate);
    expect(heard()).toEqual([]);
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(0);
    expect(provider.credentialsProvider.tokenManager.status().state).toBe('closed');
    const client = fixture.client(provider, { socket: { reconnectStrategy: false } });
    await expect(client.connect()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('[row a2] a client that is closed during the first token request rejects and leaves nothing', async () => {
    let signal: AbortSignal | undefined;
    const provider = fixture.provider(AT_ONCE, {
      requestToken: (options) => {
        signal = options.signal;
        return new Promise(() => {});
      },
    });
    const client = fixture.client(provider);
    const connected = client.connect();
    connected.catch(() => {});
    await emitted(client, 'connect');
    await new Promise(setImmediate);
    client.destroy();
    await expect(connected).rejects.toMatchObject({ code: 'ABORTED' });
    expect(signal?.aborted).toBe(true);
    expect(heard()).toEqual(CONNECT);
    expect(provider.credentialsProvider.reauthenticator.status().connections).toBe(0);
  });

  it('provider.close() rejects a handshake that waits for its token with CLOSED', async () => {
    const provider = fixture.provider(AT_ONCE, { requestToken: () => new Promise(() => {}) });
    const client = fixture.client(provider, { socket: { reconnectStrategy: false } });
    const connected = client.connect();
    connected.catch(() => {});
    await emitted(client, 'connect');
    await new Promise(setImmediate);
    provider.close();
    await expect(connected).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('the process', () => {
  const run = (code: string): Promise<ChildResult> =>
    runChild(code, {
      port: fixture.emulator.redis.port,
      tokens: [fixture.token(3_600_000), fixture.token(3_601_000)],
    });

  const expectCleanExit = ({ code, stdout, stderr }: ChildResult): void => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(Number(/exited after (\d+)/.exec(stdout)?.[1])).toBeLessThan(1000);
  };

  it('[row a] ends within 1 s of client.close() after 1 reconnect, without closing the provider', async () => {
    const result = await run(`
      const provider = createCredentialsProvider({ requestToken: async () => nextToken() }, AT_ONCE);
      const client = await open(provider).connect();
      const ready = new Promise((resolve) => client.once('ready', resolve));
      await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no']).catch(() => {});
      await ready;
      await client.close();
    `);
    expectCleanExit(result);
  });

  it.each([
    ['client.close()', 'succeeds', 'await client.close();', 'resolve(nextToken())'],
    ['client.close()', 'fails', 'await client.close();', 'reject(new Error("down"))'],
    ['client.destroy()', 'succeeds', 'client.destroy();', 'resolve(nextToken())'],
    ['client.destroy()', 'fails', 'client.destroy();', 'reject(new Error("down"))'],
    ['provider.close()', 'succeeds', 'await client.close(); provider.close();', 'resolve(nextToken())'],
  ])(
    '[row p] ends with code 0 within 1 s of %s during a token request that then %s',
    async (_how, _then, end, settle) => {
      const result = await run(`
      let refreshing;
      const started = new Promise((resolve) => { refreshing = resolve; });
      const provider = createCredentialsProvider({
        requestToken: () => new Promise((resolve, reject) => {
          if (requests === 0) return resolve(nextToken());
          setTimeout(() => ${settle}, 100);
          refreshing();
        }),
      }, { ...AT_ONCE, expirationRefreshRatio: 0.00001 });
      const client = await open(provider).connect();
      await started;
      ${end}
    `);
      expectCleanExit(result);
    },
  );

  it('[row a2] keeps nothing of a refused client that was dropped, nor of a provider that was dropped', async () => {
    fixture.gate.refuseNext(1);
    const result = await run(`
      let provider = createCredentialsProvider({ requestToken: async () => nextToken() }, AT_ONCE);
      const dropped = { client: false, provider: false };
      const registry = new FinalizationRegistry((what) => { dropped[what] = true; });
      const refused = async () => {
        const client = createClient({
          socket: { host: '127.0.0.1', port: Number(process.env.PORT), reconnectStrategy: false },
          credentialsProvider: provider,
        }).on('error', () => {});
        registry.register(client, 'client');
        await client.connect().catch((error) => console.log(error.message));
      };
      await refused();
      console.log('channels', heard().length);
      await collect(() => dropped.client && heard().length === 1);
      console.log('channels', ...heard());
      registry.register(provider, 'provider');
      provider = undefined;
      await collect(() => dropped.provider && heard().length === 0);
      console.log('channels', heard().length);
    `);
    expect(result.stdout.split('\n')).toEqual([
      'WRONGPASS invalid username-password pair or user is disabled.',
      'channels 5',
      'channels tracing:node-redis:connect:start',
      'channels 0',
      expect.stringContaining('exited after'),
      '',
    ]);
  });

  it('keeps re-authenticating a ready client whose wrapper lost the handle of its subscription', async () => {
    const result = await run(`
      const provider = createCredentialsProvider({ requestToken: async () => nextToken() }, AT_ONCE);
      const { tokenManager, reauthenticator } = provider.credentialsProvider;
      const client = await open({
        type: 'streaming-credentials-provider',
        subscribe: async (listener) => [(await provider.subscribe(listener))[0], { dispose() {} }],
        onReAuthenticationError() {},
      }).connect();
      for (let i = 0; i < 5; i++) { await turn(); gc(); }
      const applied = new Promise((resolve) => reauthenticator.observe({ onReauthenticated: resolve }));
      await tokenManager.getToken({ forceRefresh: true });
      console.log('version', (await applied).version);
      await client.close();
      console.log('connections', reauthenticator.status().connections);
    `);
    expect(result.stdout).toContain('version 2\nconnections 0\n');
  });
});
