import { describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { attach, createRedis, withCredentials } from '../src/index.js';
import { testCredentials } from './support/credentials.js';

describe('attach', () => {
  it('returns the same client and adds its listeners once, however often it is called', () => {
    const { credentials } = testCredentials();
    const redis = new Redis(withCredentials({ lazyConnect: true }, credentials));
    expect(attach(redis, credentials)).toBe(redis);
    const listeners = redis.listenerCount('ready');
    expect(attach(redis, { credentialsProvider: credentials })).toBe(redis);
    expect(redis.listenerCount('ready')).toBe(listeners);
  });

  it('adds no error listener, so that ioredis goes on reporting unhandled errors', () => {
    const redis = createRedis({ lazyConnect: true }, testCredentials().credentials);
    expect(redis.listenerCount('error')).toBe(0);
  });

  it.each<[string, () => unknown]>([
    ['a client without credentials', () => new Redis({ lazyConnect: true })],
    [
      'a client with other credentials',
      () => createRedis({ lazyConnect: true }, testCredentials().credentials),
    ],
    [
      'a client with a connector of its own',
      () => {
        const { credentials } = testCredentials();
        return new Redis({
          ...withCredentials({ lazyConnect: true }, credentials),
          Connector: class {} as never,
        });
      },
    ],
    ['a cluster', () => new Cluster([{ port: 1 }], { lazyConnect: true })],
    ['an object', () => ({})],
    ['null', () => null],
  ])('refuses %s', (_, create) => {
    expect(() => attach(create() as Redis, testCredentials().credentials)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/^client must be/) }),
    );
  });

  it('A7 gives duplicates the token, and refuses other credentials for them', () => {
    const { credentials } = testCredentials();
    const redis = createRedis({ lazyConnect: true, keyPrefix: 'a:' }, credentials);
    const duplicate = redis.duplicate({ keyPrefix: 'b:', username: undefined, password: undefined });
    expect(duplicate.options).toMatchObject({ keyPrefix: 'b:', lazyConnect: true });
    expect(
      attach(duplicate.duplicate({ ...duplicate.options, keyPrefix: 'c:' }), credentials).options.keyPrefix,
    ).toBe('c:');
    for (const own of [{ username: 'me' }, { password: 'hunter2' }]) {
      expect(() => duplicate.duplicate(own)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    }
  });
});

describe('createRedis', () => {
  it('makes an ioredis client from options, from a URL, and from both', () => {
    const { credentials } = testCredentials();
    const clients = [
      createRedis({ host: 'localhost', port: 7000, lazyConnect: true }, credentials),
      createRedis('redis://localhost:7000/2?lazyConnect=true', credentials),
      createRedis('rediss://localhost:7000', { lazyConnect: true, db: 3 }, credentials),
    ];
    for (const client of clients) expect(client).toBeInstanceOf(Redis);
    for (const client of clients) expect(Number(client.options.port)).toBe(7000);
    expect(clients[1]?.options.db).toBe(2);
    expect(clients[2]?.options).toMatchObject({ db: 3, tls: true });
  });

  it.each([
    ['redis://me@localhost', 'username'],
    ['redis://:hunter2@localhost', 'password'],
    ['redis://localhost?password=hunter2', 'password'],
    ['/tmp/redis.sock?username=me', 'username'],
    ['localhost:6379?password=hunter2', 'password'],
  ])('refuses the URL %s and names the %s', (url, name) => {
    const attempt = (): unknown => createRedis(url, { lazyConnect: true }, testCredentials().credentials);
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(new RegExp(`^url .*${name}`)),
      }),
    );
    expect(attempt).not.toThrow(/hunter2/);
  });

  it('refuses credentials in the options', () => {
    expect(() => createRedis({ password: 'x' }, testCredentials().credentials)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });
});
