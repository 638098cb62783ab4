import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import { createRedis, withCredentials } from '../src/index.js';
import { testCredentials } from './support/credentials.js';

describe('the warning about an unencrypted connection', () => {
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  afterEach(() => {
    emitWarning.mockClear();
  });

  function warningsOf(options: RedisOptions & { replyMapping?: 'legacy' }): string[] {
    const redis = new Redis(
      withCredentials({ ...options, lazyConnect: true }, testCredentials().credentials),
    );
    redis.disconnect();
    return warnings();
  }

  function warnings(): string[] {
    for (const [, details] of emitWarning.mock.calls)
      expect(details).toMatchObject({ code: 'ENTRAID_PLAINTEXT' });
    return emitWarning.mock.calls.map(([message]) => String(message));
  }

  it.each<[string, RedisOptions]>([
    ['a host name', { host: 'cache.example.net' }],
    ['an IPv4 address', { host: '10.0.0.1' }],
    ['an IPv6 address', { host: 'fd00::1' }],
    ['a name that only begins like localhost', { host: 'localhost.example.net' }],
    ['a sentinel elsewhere', { sentinels: [{ host: 'localhost' }, { host: '10.0.0.1' }], name: 'm' }],
    [
      'tls that ioredis does not use for sentinels',
      { sentinels: [{ host: '10.0.0.1' }], name: 'm', tls: {} },
    ],
  ])('comes once for %s', (_, options) => {
    const messages = warningsOf(options as never);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain('not encrypted');
  });

  it.each<[string, RedisOptions]>([
    ['tls', { host: 'cache.example.net', tls: {} }],
    ['no host', {}],
    ['localhost', { host: 'LOCALHOST' }],
    ['a subdomain of localhost', { host: 'redis.localhost' }],
    ['127.0.0.0/8', { host: '127.1.2.3' }],
    ['::1', { host: '::1' }],
    ['an IPv4-mapped loopback address', { host: '::ffff:127.0.0.1' }],
    ['a Unix socket', { path: '/tmp/redis.sock', host: 'cache.example.net' }],
    ['local sentinels', { sentinels: [{ port: 26_379 }], name: 'm' }],
    [
      'tls behind sentinels',
      { sentinels: [{ host: '10.0.0.1' }], name: 'm', tls: {}, enableTLSForSentinelMode: true },
    ],
    ['a connector of the application', { host: 'cache.example.net', Connector: class {} as never }],
  ])('does not come for %s', (_, options) => {
    expect(warningsOf(options as never)).toEqual([]);
  });

  it('comes once for a client and its duplicates, and reads the host from a URL', () => {
    const redis = createRedis(
      'redis://cache.example.net',
      { lazyConnect: true },
      testCredentials().credentials,
    );
    redis.duplicate().duplicate().disconnect();
    expect(warnings()).toHaveLength(1);
  });
});
