import { randomUUID } from 'node:crypto';
import { access } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { type Emulator, type EmulatorOptions, startEmulator, startIdentityEmulator } from '../src/index.js';
import { CompiledPackage, outputOf } from './compiled-package.js';
import { httpsRequest, postForm } from './https-client.js';
import { RawClient } from './raw-client.js';

describe('startEmulator', () => {
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await startEmulator({ redis: { tls: true } });
  });

  afterAll(() => emulator.close());

  it('grants a token that its Redis takes, both over TLS with the one authority', async () => {
    const { identity, redis, ca } = emulator;
    const response = await postForm(
      `${identity.authority}/oauth2/v2.0/token`,
      {
        grant_type: 'client_credentials',
        client_id: identity.clientId,
        client_secret: identity.clientSecret,
        scope: identity.scope,
      },
      { ca },
    );
    const client = createClient({
      url: redis.url,
      socket: { tls: true, ca: redis.tls?.ca ?? '' },
      username: identity.objectId,
      password: String(response.json()['access_token']),
    });
    await client.connect();
    expect(redis.url).toBe(`rediss://127.0.0.1:${redis.port}`);
    expect(await client.aclWhoAmI()).toBe(identity.objectId);
    expect(redis.gate.connections).toEqual({ total: 1, open: 1 });
    await client.close();
  });

  it('serves TLS byte for byte as plain TCP, and closes at expiry', async () => {
    const { identity, redis } = emulator;
    const client = await RawClient.connect(redis.port, redis.tls);
    const token = identity.issueToken({ lifetimeMs: 1000 });
    expect(await client.roundTrip(['AUTH', identity.objectId, token], ['PING'])).toBe('+OK\r\n+PONG\r\n');
    const { expiresAtMs = 0 } = redis.gate.openConnections().at(-1) ?? {};
    expect(await client.closed).toBeGreaterThanOrEqual(expiresAtMs);
    expect(redis.gate.closedByExpiry).toBe(1);
  });

  it('refuses plain TCP and other authorities where it serves TLS', async () => {
    const plain = await RawClient.connect(emulator.redis.port);
    plain.send(['PING']);
    await plain.closed;
    expect(await plain.until('nothing')).not.toContain('PONG');
    await using other = await startIdentityEmulator();
    await expect(RawClient.connect(emulator.redis.port, { ca: other.ca })).rejects.toThrow(/certificate/i);
  });

  it('reports everything a program needs in its environment', () => {
    const { identity, redis, caFile, env } = emulator;
    expect(env).toEqual({
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_AUTHORITY_HOST: `https://localhost:${identity.port}`,
      AZURE_TENANT_ID: identity.tenantId,
      AZURE_CLIENT_ID: identity.clientId,
      AZURE_CLIENT_SECRET: identity.clientSecret,
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redis.port),
      REDIS_URL: redis.url,
    });
    expect(identity.authority).toBe(`${env['AZURE_AUTHORITY_HOST']}/${identity.tenantId}`);
  });

  it('lets nobody past the gate to the server without the access of the gate', async () => {
    const direct = await RawClient.connect(emulator.redis.gate.server.port);
    const token = emulator.identity.issueToken();
    expect(await direct.roundTrip(['GET', 'a'], ['AUTH', emulator.identity.objectId, token])).toMatch(
      /^-NOAUTH .*\r\n-WRONGPASS /,
    );
    direct.destroy();
  });
});

describe('startEmulator options', () => {
  it('takes tenant, clients and life', async () => {
    const tenantId = randomUUID();
    const client = { clientId: randomUUID(), clientSecret: 'secret', objectId: randomUUID() };
    await using emulator = await startEmulator({
      tenantId,
      clients: [client, {}],
      tokenLifetimeMs: 5000,
      redis: false,
    });
    expect(emulator.identity).toMatchObject({ tenantId, ...client, tokenLifetimeMs: 5000 });
    expect(emulator.identity.clients).toHaveLength(2);
    expect(emulator.redis).toBeUndefined();
    expect(emulator.env).not.toHaveProperty('REDIS_HOST');
  });

  it('takes ports, and reports one that is taken', async () => {
    const first = await startEmulator({ redis: false });
    const { port } = first.identity;
    await expect(startEmulator({ redis: false, port })).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' });
    await expect(startEmulator({ redis: { port } })).rejects.toMatchObject({ code: 'PORT_UNAVAILABLE' });
    await first.close();
    const second = await startEmulator({ redis: false, port });
    expect(second.identity.port).toBe(port);
    await second.close();
  });

  it('says what to install when there is no redis-server, and leaves nothing running', async () => {
    const starting = startEmulator({ redis: { server: { binary: 'no-such-redis' } } });
    await expect(starting).rejects.toMatchObject({ code: 'REDIS_SERVER_NOT_FOUND' });
  });

  it.each<[unknown, RegExp]>([
    [{ tenant: 'x' }, /startEmulator has no option 'tenant'; it takes tenantId, clients/],
    [[], /startEmulator options must be an object, got an array/],
    [null, /must be an object, got null/],
    [{ tenantId: 'contoso' }, /tenantId must be a GUID such as .*, got 'contoso'/],
    [{ clients: [] }, /clients must name at least one client/],
    [{ clients: {} }, /clients must be an array/],
    [{ clients: ['x'] }, /clients\[0\] options must be an object/],
    [{ clients: [{ secret: 'x' }] }, /clients\[0\] has no option 'secret'/],
    [{ clients: [{}, { clientSecret: '' }] }, /clients\[1\]\.clientSecret must be a non-empty string/],
    [
      { clients: [{ clientId: 5 }] },
      /clients\[0\]\.clientId must be a non-empty string, got a value of type number/,
    ],
    [{ tokenLifetimeMs: 999 }, /tokenLifetimeMs must be an integer from 1000 to 100800000, got 999/],
    [{ tokenLifetimeMs: Number.NaN }, /tokenLifetimeMs .* got NaN/],
    [{ port: 65_536 }, /port must be an integer from 0 to 65535, got 65536/],
    [{ redis: true }, /redis options must be an object, got a value of type boolean/],
    [{ redis: { tls: 'yes' } }, /redis\.tls must be true or false/],
    [{ redis: { port: -1 } }, /redis\.port must be an integer from 0 to 65535, got -1/],
    [{ redis: { password: 'x' } }, /redis has no option 'password'/],
    [{ redis: { server: { prot: 1 } } }, /startRedisServer has no option 'prot'/],
  ])('throws INVALID_OPTION for %j', async (options, message) => {
    const starting = startEmulator(options as EmulatorOptions);
    await expect(starting).rejects.toMatchObject({ name: 'EmulatorError', code: 'INVALID_OPTION' });
    await expect(starting).rejects.toThrow(message);
  });

  it('does not let two clients share an id', async () => {
    const id = randomUUID();
    await expect(
      startEmulator({ clients: [{ clientId: id }, { clientId: id.toUpperCase() }] }),
    ).rejects.toThrow(/clients must not share a clientId/);
  });

  it('does not quote a secret that it refuses', async () => {
    const clientSecret = ['do-not-show'] as unknown as string;
    const starting = startEmulator({ clients: [{ clientSecret }] });
    await expect(starting).rejects.toThrow(/clientSecret must be a non-empty string, got an array/);
    await expect(starting).rejects.not.toThrow(/do-not-show/);
  });
});

describe('Emulator.close', () => {
  it('ends connections, endpoints, server and file, and may be called twice', async () => {
    const emulator = await startEmulator();
    const client = await RawClient.connect(emulator.redis.port);
    const url = `${emulator.identity.authority}/v2.0/.well-known/openid-configuration`;
    await emulator.close();
    await emulator.close();
    await client.closed;
    await expect(httpsRequest(url, { ca: emulator.ca })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(RawClient.connect(emulator.redis.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(RawClient.connect(emulator.redis.gate.server.port)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await expect(access(emulator.caFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each(['esm', 'cjs'] as const)('leaves nothing that keeps a process alive, as %s', async (module) => {
    const compiled = await CompiledPackage.create(module);
    const load = module === 'esm' ? "await import('./index.js')" : "require('./index.js')";
    const child = await compiled.run(`
      async function main() {
        const { startEmulator } = ${load};
        const emulator = await startEmulator({ redis: { tls: true } });
        const { identity, redis } = emulator;
        const { connect } = require('node:tls');
        const socket = connect({ host: redis.host, port: redis.port, ca: redis.tls.ca });
        socket.write('AUTH ' + identity.objectId + ' ' + identity.issueToken() + '\\r\\n');
        socket.once('data', async (data) => {
          identity.hang();
          void redis.gate.once('auth');
          await emulator.close();
          console.log(String(data).trim());
        });
      }
      ${module === 'esm' ? "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" : ''}
      main();
    `);
    expect(await outputOf(child)).toEqual({ output: '+OK\n', code: 0 });
    await compiled.remove();
  });
});
