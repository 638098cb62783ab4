import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createClient } from 'redis';
import { type Emulator, RedisGate, startEmulator, type TokenVerdict, TokenVerifier } from '../src/index.js';
import { command, RawClient } from './raw-client.js';

let emulator: Emulator;
let user: string;

beforeAll(async () => {
  emulator = await startEmulator();
  user = emulator.identity.objectId;
});

afterAll(() => emulator.close());

async function signedIn(port = emulator.redis.port): Promise<RawClient> {
  const client = await RawClient.connect(port);
  expect(await client.roundTrip(['AUTH', user, emulator.identity.issueToken()])).toBe('+OK\r\n');
  return client;
}

describe('RedisGate: order', () => {
  it('answers commands pipelined behind an AUTH in order, and only after it', async () => {
    const client = await RawClient.connect(emulator.redis.port);
    const token = emulator.identity.issueToken();
    const numbers = Array.from({ length: 200 }, (_, i) => ['ECHO', String(i).padStart(3, '0')]);
    const reply = await client.roundTrip(['ECHO', 'early'], ['AUTH', user, token], ...numbers);
    const echoes = numbers.map(([, text]) => `$3\r\n${text}\r\n`).join('');
    expect(reply).toBe(`-NOAUTH Authentication required.\r\n+OK\r\n${echoes}`);
    client.destroy();
  });

  it('answers in order when good and bad AUTHs alternate with commands', async () => {
    const client = await signedIn();
    const good = ['AUTH', user, emulator.identity.issueToken()];
    const bad = ['AUTH', user, emulator.identity.issueToken({ expired: true })];
    const wrong = '-WRONGPASS invalid username-password pair or user is disabled.\r\n';
    const reply = await client.roundTrip(['ECHO', 'a'], bad, ['ECHO', 'b'], good, bad, ['ECHO', 'c'], good);
    expect(reply).toBe(`$1\r\na\r\n${wrong}$1\r\nb\r\n+OK\r\n${wrong}$1\r\nc\r\n+OK\r\n`);
    client.destroy();
  });

  it('holds everything behind an AUTH while its token is being judged', async () => {
    let judge: (verdict: TokenVerdict) => void = () => undefined;
    class SlowVerifier extends TokenVerifier {
      override verify(): Promise<TokenVerdict> {
        return new Promise((resolve) => {
          judge = resolve;
        });
      }
    }
    const verifier = new SlowVerifier({ keys: emulator.identity.jwks, tenantId: emulator.identity.tenantId });
    await using gate = await RedisGate.start({
      server: emulator.redis.gate.server,
      verifier,
      assigned: [user],
    });
    const client = await RawClient.connect(gate.port);
    client.send(['ECHO', 'before'], ['AUTH', user, 'slow']);
    expect(await client.until('\r\n')).toBe('-NOAUTH Authentication required.\r\n');
    client.send(['ECHO', 'behind']);
    judge({ valid: true, objectId: user, expiresAtMs: Date.now() + 60_000 });
    expect(await client.until('behind\r\n')).toBe('+OK\r\n$6\r\nbehind\r\n');
    client.destroy();
  });

  it('answers the same however the stream is cut', async () => {
    const token = emulator.identity.issueToken();
    const stream = Buffer.from(
      [
        ['AUTH', user, token],
        ['SET', 'cut', 'a\r\n*1\r\n$4\r\nPING\r\n'],
        ['HELLO', '2', 'AUTH', user, token],
        ['GET', 'cut'],
        ['AUTH', user, 'x'.repeat(40)],
      ]
        .map(command)
        .join(''),
    );
    const whole = await RawClient.connect(emulator.redis.port);
    whole.write(stream);
    const wanted = await whole.until('WRONGPASS');
    whole.destroy();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(stream.length), { minLength: 1, maxLength: 12 }), async (cuts) => {
        const client = await RawClient.connect(emulator.redis.port);
        const at = [...new Set([0, ...cuts, stream.length])].sort((a, b) => a - b);
        for (const [index, end] of at.slice(1).entries()) {
          client.write(stream.subarray(at[index], end));
          // Each piece in a segment of its own: written in a turn of its own, with Nagle's algorithm off.
          await new Promise((resolve) => setImmediate(resolve));
        }
        const withoutId = (reply: string): string => reply.replace(/\$2\r\nid\r\n:\d+/, 'id');
        expect(withoutId(await client.until('WRONGPASS'))).toBe(withoutId(wanted));
        client.destroy();
      }),
      { numRuns: 40 },
    );
  });

  it('carries values of 5 MB both ways unchanged', async () => {
    const client = createClient({
      url: emulator.redis.url,
      username: user,
      password: emulator.identity.issueToken(),
    });
    await client.connect();
    const value = Array.from({ length: 5_000_000 / 8 }, (_, i) => String(i).padStart(8, '0')).join('');
    await client.set('large', value);
    const [read, size] = await Promise.all([client.get('large'), client.strLen('large')]);
    expect(size).toBe(5_000_000);
    expect(read === value).toBe(true);
    await client.close();
  });

  it('passes on the last words of a server that closes', async () => {
    const client = await signedIn();
    client.send(['PING'], ['QUIT']);
    await client.closed;
    expect(await client.until('nothing')).toBe('+PONG\r\n+OK\r\n');
  });

  it('answers a client that ends its half right behind its commands', async () => {
    const client = await RawClient.connect(emulator.redis.port);
    const closed = emulator.redis.gate.once(
      'closed',
      (event) => event.remotePort === client.socket.localPort,
    );
    client.send(['AUTH', user, emulator.identity.issueToken()], ['PING']);
    client.socket.end();
    await client.closed;
    expect(await client.until('nothing')).toBe('+OK\r\n+PONG\r\n');
    expect(await closed).toMatchObject({ reason: 'client' });
  });
});
