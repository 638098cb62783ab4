import { channel } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type EntraIdError,
  isEntraIdError,
  type NodeRedisCredentialsProvider,
  type StreamingCredentials,
} from '../src/index.js';
import { AT_ONCE, type Client, Fixture, nextAuth, rotate } from './fixture.js';

let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(() => fixture.endTest());
afterAll(() => fixture.close());

/** Resolves when `client` is asked to send AUTH, whether or not it does. */
function nextReauthentication(client: Client): Promise<void> {
  // What createClient returns is a proxy; the client itself is its prototype.
  const own: Pick<Client, 'reAuthenticate'> = Object.getPrototypeOf(client);
  const { reAuthenticate } = own;
  return new Promise((resolve) => {
    own.reAuthenticate = (credentials: StreamingCredentials) => {
      resolve();
      return reAuthenticate(credentials);
    };
  });
}

/** Starts a rotation and does not wait for its end. */
function startRotation({ credentialsProvider }: NodeRedisCredentialsProvider): Promise<unknown> {
  return credentialsProvider.tokenManager.getToken({ forceRefresh: true });
}

describe('a rotation', () => {
  it('[row u] costs 1 token request and 1 AUTH each for 10 clients of one provider', async () => {
    const provider = fixture.provider();
    const clients = await Promise.all(Array.from({ length: 10 }, () => fixture.client(provider).connect()));
    expect(fixture.requests).toBe(1);
    const before = fixture.gate.auths().length;
    await rotate(provider);
    await rotate(provider);
    await Promise.all(clients.map((client) => client.ping()));
    expect(fixture.requests).toBe(3);
    const auths = fixture.gate.auths().slice(before);
    expect(auths).toHaveLength(20);
    expect(new Set(auths.map(({ connectionId }) => connectionId)).size).toBe(10);
  });

  it('[row o] [row s] repeats an AUTH that the server refused twice; 1 error tells, with host and port', async () => {
    const told: EntraIdError[] = [];
    const provider = fixture.provider({ ...AT_ONCE, onReAuthenticationError: (error) => told.push(error) });
    const client = await fixture.client(provider).connect();
    fixture.gate.refuseNext(2, 'ERR WRONGPASS invalid username-password pair');
    await rotate(provider);
    const { host, port } = fixture.emulator.redis;
    expect(told).toMatchObject([
      {
        code: 'REAUTHENTICATION_FAILED',
        connectionId: expect.stringMatching(new RegExp(`^${host}:${port}/0-[0-9a-f]{8}$`)),
        message: expect.stringContaining(`${host}:${port}`),
        cause: { message: 'ERR WRONGPASS invalid username-password pair' },
      },
    ]);
    expect(told.every(isEntraIdError)).toBe(true);
    expect(fixture.gate.auths().slice(-3)).toMatchObject([
      { accepted: false },
      { accepted: false },
      { accepted: true },
    ]);
    expect(await client.ping()).toBe('PONG');
    expect(fixture.errors).toEqual([]);
  });

  it('[row n] inside a manual MULTI is deferred, and sent again once the transaction is over', async () => {
    const provider = fixture.provider();
    const client = await fixture.client(provider).connect();
    await client.sendCommand(['MULTI']);
    await client.sendCommand(['SET', 'counter', '1']);
    const before = fixture.gate.auths().length;
    const answered = nextAuth('asyncEnd');
    const rotated = rotate(provider);
    expect(await answered).toMatchObject({ result: 'QUEUED' });
    expect(provider.credentialsProvider.reauthenticator.status().behind).toBe(1);
    await client.sendCommand(['DISCARD']);
    await rotated;
    await client.ping();
    expect(provider.credentialsProvider.reauthenticator.status().behind).toBe(0);
    const accepted = fixture.gate
      .auths()
      .slice(before)
      .filter(({ kind }) => kind === 'AUTH');
    expect(accepted.at(-1)).toMatchObject({ accepted: true });
  });

  it('[row n] never lands inside the transaction of multi(): 200 of them during 10 rotations', async () => {
    const provider = fixture.provider();
    const client = await fixture.client(provider).connect();
    let rotating = true;
    const rotations = (async () => {
      for (let i = 0; i < 10; i++) await rotate(provider);
      rotating = false;
    })();
    let transactions = 0;
    while (rotating || transactions < 200) {
      const value = String(transactions++);
      const replies = await client.multi().set('key', value).get('key').exec();
      expect(replies).toEqual(['OK', value]);
    }
    await rotations;
  });

  it('[row j] on a RESP3 connection with a subscription is applied, and no message is lost', async () => {
    const provider = fixture.provider();
    const [subscriber, publisher] = await Promise.all([
      fixture.client(provider).connect(),
      fixture.client(provider).connect(),
    ]);
    const received: string[] = [];
    await subscriber.subscribe('news', (message) => received.push(message));
    const sent: string[] = [];
    for (let i = 0; i < 5; i++) {
      const publish = async (): Promise<void> => {
        sent.push(String(sent.length));
        await publisher.publish('news', sent.at(-1) as string);
      };
      await publish();
      const rotated = rotate(provider);
      await publish();
      await rotated;
      await publish();
    }
    await subscriber.ping();
    expect(received).toEqual(sent);
    expect(fixture.errors).toEqual([]);
  });

  it('[row j] on a RESP2 connection waits for the end of its subscription, and catches up then', async () => {
    const provider = fixture.provider();
    const client = fixture.client(provider, { RESP: 2 } as object);
    await client.connect();
    await client.subscribe('news', () => {});
    const skipped = nextReauthentication(client);
    const rotated = rotate(provider);
    await skipped;
    expect(provider.credentialsProvider.reauthenticator.status().behind).toBe(1);
    const before = fixture.gate.auths().length;
    await client.unsubscribe('news');
    await rotated;
    await client.ping();
    expect(fixture.gate.auths().slice(before)).toMatchObject([{ kind: 'AUTH', accepted: true }]);
  });

  it('listens to commands only while an AUTH is under way', async () => {
    const provider = fixture.provider();
    const client = await fixture.client(provider).connect();
    const commands = ['start', 'asyncEnd'].map((event) => channel(`tracing:node-redis:command:${event}`));
    const heard = (): boolean[] => commands.map(({ hasSubscribers }) => hasSubscribers);
    expect(heard()).toEqual([false, false]);
    const blocked = client.blPop('list', 0);
    const sent = nextAuth('start');
    await startRotation(provider);
    await sent;
    await new Promise(setImmediate);
    expect(heard()).toEqual([false, true]);
    const pusher = await fixture.client(provider).connect();
    await pusher.rPush('list', 'value');
    await blocked;
    await client.ping();
    await new Promise(setImmediate);
    expect(heard()).toEqual([false, false]);
    expect(provider.credentialsProvider.reauthenticator.status()).toEqual({ connections: 2, behind: 0 });
  });

  it('takes a client whose replies are mapped to Buffers', async () => {
    const provider = fixture.provider();
    const typeMapping = { 43: Buffer };
    const client = fixture.client(provider, { commandOptions: { typeMapping } });
    await client.connect();
    expect(await client.ping()).toEqual(Buffer.from('PONG'));
    await rotate(provider);
    expect(provider.credentialsProvider.reauthenticator.status().behind).toBe(0);
  });
});
