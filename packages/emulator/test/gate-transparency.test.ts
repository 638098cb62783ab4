import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Emulator, startEmulator } from '../src/index.js';
import { RawClient } from './raw-client.js';

let emulator: Emulator;
let user: string;

beforeAll(async () => {
  emulator = await startEmulator();
  user = emulator.identity.objectId;
});

afterAll(() => emulator.close());

/** The same conversation through the gate with a token, and with the server itself with a password. */
async function bothReplies(
  talk: (
    client: RawClient,
    credentials: { readonly good: string[]; readonly bad: string[] },
  ) => Promise<string>,
): Promise<{ readonly gate: string; readonly server: string }> {
  const { server } = emulator.redis.gate;
  const through = await RawClient.connect(emulator.redis.port);
  const gate = await talk(through, {
    good: [user, emulator.identity.issueToken()],
    bad: [user, emulator.identity.issueToken({ expired: true })],
  });
  through.destroy();
  const direct = await RawClient.connect(server.port);
  const { username = '', password = '' } = server;
  const plain = await talk(direct, { good: [username, password], bad: [username, 'wrong'] });
  direct.destroy();
  return {
    gate,
    server: plain.replaceAll(`$${username.length}\r\n${username}`, `$${user.length}\r\n${user}`),
  };
}

/** Connection ids differ between two connections by nature. */
function withoutId(reply: string): string {
  return reply.replace(/\$2\r\nid\r\n:\d+/g, 'id');
}

describe('RedisGate: replies are the server own, byte for byte', () => {
  it.each<[string, (good: string[], bad: string[]) => string[][]]>([
    ['HELLO 2 AUTH', (good) => [['HELLO', '2', 'AUTH', ...good]]],
    ['HELLO 3 AUTH', (good) => [['HELLO', '3', 'AUTH', ...good]]],
    ['HELLO 3 AUTH SETNAME', (good) => [['HELLO', '3', 'SETNAME', 'x', 'AUTH', ...good]]],
    ['HELLO of an unknown version', (good) => [['HELLO', '4', 'AUTH', ...good]]],
    ['HELLO with a broken option', (good) => [['HELLO', '3', 'AUTH', ...good, 'WHAT']]],
    [
      'HELLO without AUTH',
      (good) => [
        ['HELLO', '3'],
        ['AUTH', ...good],
        ['HELLO', '3'],
      ],
    ],
    [
      'HELLO 3 AUTH that fails',
      (_, bad) => [
        ['HELLO', '3', 'AUTH', ...bad],
        ['GET', 'a'],
      ],
    ],
    ['AUTH without arguments', () => [['AUTH']]],
    ['AUTH with too many arguments', (good) => [['AUTH', ...good, 'more']]],
    [
      'AUTH as another user',
      (good) => [
        ['AUTH', ...good],
        ['AUTH', 'nobody', 'x'],
        ['ACL', 'WHOAMI'],
      ],
    ],
    [
      'an unknown command',
      (good) => [
        ['AUTH', ...good],
        ['NOSUCHCOMMAND', 'a b'],
      ],
    ],
    [
      'AUTH in MULTI',
      (good) => [['AUTH', ...good], ['MULTI'], ['AUTH', ...good], ['SET', 'k', 'v'], ['EXEC']],
    ],
    [
      'a failing AUTH in MULTI',
      (good, bad) => [['AUTH', ...good], ['MULTI'], ['AUTH', ...bad], ['PING'], ['EXEC']],
    ],
    [
      'HELLO in MULTI',
      (good) => [['AUTH', ...good], ['MULTI'], ['HELLO', '3', 'AUTH', ...good], ['EXEC'], ['PING']],
    ],
    [
      'AUTH in an aborted MULTI',
      (good) => [['AUTH', ...good], ['MULTI'], ['AUTH', ...good], ['NOSUCH'], ['EXEC']],
    ],
    [
      'AUTH after DISCARD',
      (good) => [['AUTH', ...good], ['MULTI'], ['AUTH', ...good], ['DISCARD'], ['AUTH', ...good]],
    ],
    [
      'a subscriber of RESP2',
      (good) => [
        ['AUTH', ...good],
        ['SUBSCRIBE', 'a', 'b'],
        ['PSUBSCRIBE', 'c*'],
        ['PING'],
        ['AUTH', ...good],
        ['UNSUBSCRIBE'],
        ['PUNSUBSCRIBE'],
        ['UNSUBSCRIBE'],
        ['AUTH', ...good],
        ['ACL', 'WHOAMI'],
      ],
    ],
    [
      'a subscriber of RESP3',
      (good) => [
        ['HELLO', '3', 'AUTH', ...good],
        ['SUBSCRIBE', 'a', 'b'],
        ['SSUBSCRIBE', 's'],
        ['AUTH', ...good],
        ['PUBLISH', 'a', 'hello'],
        ['UNSUBSCRIBE'],
        ['SUNSUBSCRIBE'],
        ['AUTH', ...good],
      ],
    ],
    [
      'RESET',
      (good) => [['HELLO', '3', 'AUTH', ...good], ['MULTI'], ['RESET'], ['AUTH', ...good], ['HELLO']],
    ],
  ])('%s', async (_, conversation) => {
    const { gate, server } = await bothReplies((client, { good, bad }) =>
      client.roundTrip(...conversation(good, bad)),
    );
    expect(withoutId(gate)).toBe(withoutId(server));
    expect(gate).not.toBe('');
  });

  it('sends the error and the close of the server when a request breaks the protocol', async () => {
    const { gate, server } = await bothReplies(async (client, { good }) => {
      await client.roundTrip(['AUTH', ...good]);
      client.write('*1\r\n$x\r\n');
      await client.closed;
      return client.until('nothing');
    });
    expect(gate).toBe(server);
    expect(gate).toContain('Protocol error');
  });

  it('WATCH survives an AUTH', async () => {
    const { gate, server } = await bothReplies(async (client, { good }) =>
      client.roundTrip(
        ['AUTH', ...good],
        ['WATCH', 'w'],
        ['AUTH', ...good],
        ['SET', 'w', '1'],
        ['MULTI'],
        ['PING'],
        ['EXEC'],
      ),
    );
    expect(gate).toBe(server);
    expect(gate.endsWith('*-1\r\n')).toBe(true);
  });
});

describe('RedisGate: decisions follow the replies', () => {
  it.each<[string, (good: string[]) => string[][], (boolean | string)[]]>([
    [
      'AUTH in a transaction counts once EXEC has run it',
      (good) => [['MULTI'], ['AUTH', ...good], ['EXEC']],
      [true],
    ],
    [
      'AUTH in an aborted transaction does not count',
      (good) => [['MULTI'], ['AUTH', ...good], ['NOSUCH'], ['EXEC']],
      [],
    ],
    [
      'AUTH in a discarded transaction does not count',
      (good) => [['MULTI'], ['AUTH', ...good], ['DISCARD']],
      [],
    ],
    [
      'HELLO in a transaction counts',
      (good) => [['MULTI'], ['PING'], ['HELLO', '3', 'AUTH', ...good], ['EXEC']],
      [true],
    ],
    [
      'AUTH behind a subscription counts in its place',
      (good) => [['SUBSCRIBE', 'a', 'b'], ['UNSUBSCRIBE'], ['AUTH', ...good]],
      [true],
    ],
    [
      'AUTH that a subscriber may not send is the refusal of the server',
      (good) => [
        ['SUBSCRIBE', 'a'],
        ['AUTH', ...good],
      ],
      ['server'],
    ],
    [
      'HELLO of an unknown version is the refusal of the server',
      (good) => [['HELLO', '9', 'AUTH', ...good]],
      ['server'],
    ],
    [
      'AUTH is taken at its word when replies are off',
      (good) => [
        ['CLIENT', 'REPLY', 'OFF'],
        ['AUTH', ...good],
        ['CLIENT', 'REPLY', 'ON'],
      ],
      [true],
    ],
    [
      'AUTH behind a reply that looks like a message counts',
      (good) => [
        ['RPUSH', 'l', 'message', 'a', 'b'],
        ['LRANGE', 'l', '0', '-1'],
        ['DEL', 'l'],
        ['AUTH', ...good],
      ],
      [true],
    ],
  ])('%s', async (_, conversation, decisions) => {
    const client = await RawClient.connect(emulator.redis.port);
    const good = [user, emulator.identity.issueToken()];
    await client.roundTrip(['AUTH', ...good]);
    const { connectionId } = emulator.redis.gate.auths().at(-1) ?? { connectionId: 0 };
    await client.roundTrip(...conversation(good));
    const seen = emulator.redis.gate.auths(connectionId).slice(1);
    expect(seen.map((auth) => auth.reason ?? auth.accepted)).toEqual(decisions);
    client.destroy();
  });

  it('tells messages to a RESP2 subscriber from replies', async () => {
    const subscriber = await RawClient.connect(emulator.redis.port);
    const good = [user, emulator.identity.issueToken()];
    await subscriber.roundTrip(['AUTH', ...good], ['SUBSCRIBE', 'news']);
    const publisher = await RawClient.connect(emulator.redis.port);
    await publisher.roundTrip(['AUTH', ...good], ['PUBLISH', 'news', 'one'], ['PUBLISH', 'news', 'two']);
    await subscriber.until('two\r\n');
    await subscriber.roundTrip(['UNSUBSCRIBE', 'news'], ['AUTH', ...good]);
    expect(emulator.redis.gate.auths().at(-1)).toMatchObject({
      remotePort: subscriber.socket.localPort,
      accepted: true,
    });
    subscriber.destroy();
    publisher.destroy();
  });

  it('does not follow the stream of MONITOR', async () => {
    const monitor = await RawClient.connect(emulator.redis.port);
    const good = [user, emulator.identity.issueToken()];
    await monitor.roundTrip(['AUTH', ...good]);
    monitor.send(['MONITOR']);
    await monitor.until('+OK\r\n');
    const other = await RawClient.connect(emulator.redis.port);
    await other.roundTrip(['AUTH', ...good], ['ECHO', 'watched']);
    expect(await monitor.until('"watched"')).toContain('"ECHO"');
    monitor.destroy();
    other.destroy();
  });
});
