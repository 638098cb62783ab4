import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServerOptions, startRedisServer } from '../src/index.js';
import { CompiledPackage } from './compiled-package.js';
import { RawClient } from './raw-client.js';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when a path in the temporary directory is gone; watches from the call on. */
function removalOf(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(tmpdir(), () => {
      if (existsSync(path)) return;
      watcher.close();
      resolve();
    });
  });
}

describe('startRedisServer', () => {
  it('starts a server that answers, on the loopback address only, without persistence', async () => {
    await using server = await startRedisServer();
    const client = await RawClient.connect(server.port);
    const reply = await client.roundTrip(['PING'], ['CONFIG', 'GET', 'bind'], ['CONFIG', 'GET', 'save']);
    expect(reply).toBe('+PONG\r\n*2\r\n$4\r\nbind\r\n$9\r\n127.0.0.1\r\n*2\r\n$4\r\nsave\r\n$0\r\n\r\n');
    expect(await client.roundTrip(['CONFIG', 'GET', 'appendonly'])).toContain('$2\r\nno\r\n');
    client.destroy();
  });

  it('ends the server with close(), twice if need be, and removes its directory', async () => {
    const before = new Set(await readdir(tmpdir()));
    const server = await startRedisServer();
    const client = await RawClient.connect(server.port);
    const reply = await client.roundTrip(['CONFIG', 'GET', 'dir']);
    const directory = /entraid-emulator-redis-\w+/.exec(reply)?.[0] ?? '';
    expect(before.has(directory)).toBe(false);
    expect(await readdir(tmpdir())).toContain(directory);
    expect(isAlive(server.pid)).toBe(true);
    await Promise.all([server.close(), server.close()]);
    await client.closed;
    expect(isAlive(server.pid)).toBe(false);
    expect(await readdir(tmpdir())).not.toContain(directory);
  });

  it('tells when the server ends by itself, and close() still works', async () => {
    const server = await startRedisServer();
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
    await server.close();
  });

  it('hands more arguments on', async () => {
    await using server = await startRedisServer({ args: ['--maxmemory', '64mb'] });
    const client = await RawClient.connect(server.port);
    expect(await client.roundTrip(['CONFIG', 'GET', 'maxmemory'])).toContain('67108864');
    client.destroy();
  });

  it('says what to install when there is no such program', async () => {
    await expect(startRedisServer({ binary: 'no-such-redis' })).rejects.toThrow(
      /^no-such-redis was not found on PATH; install it with 'apt-get install redis-server'.*brew/,
    );
    await expect(startRedisServer({ binary: '/nowhere/redis-server' })).rejects.toMatchObject({
      code: 'REDIS_SERVER_NOT_FOUND',
    });
  });

  it('reports the last words of a server that does not start', async () => {
    const starting = startRedisServer({ args: ['--no-such-setting', '1'] });
    await expect(starting).rejects.toMatchObject({ code: 'REDIS_SERVER_FAILED' });
    await expect(starting).rejects.toThrow(/no-such-setting/);
  });

  it('gives up on a program that is not ready after startTimeoutMs, and ends it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'emulator-test-'));
    const binary = join(directory, 'never-ready');
    await writeFile(binary, '#!/bin/sh\necho "pid=$$"\nexec sleep 60\n', { mode: 0o755 });
    const failure: unknown = await startRedisServer({ binary, startTimeoutMs: 500 }).catch(
      (error: unknown) => error,
    );
    await rm(directory, { recursive: true });
    expect(failure).toMatchObject({ code: 'REDIS_SERVER_FAILED' });
    const [, pid] = /not ready within 500 ms.*pid=(\d+)/.exec(String(failure)) ?? [];
    expect(Number(pid)).toBeGreaterThan(0);
    expect(isAlive(Number(pid))).toBe(false);
  });

  describe('with a port that is taken', () => {
    let squatter: Server;
    let port: number;

    beforeAll(async () => {
      squatter = createServer().listen(0, '127.0.0.1');
      await once(squatter, 'listening');
      ({ port } = squatter.address() as { port: number });
    });

    afterAll(() => void squatter.close());

    it('rejects, naming the reason', async () => {
      await expect(startRedisServer({ port })).rejects.toThrow(/in use/i);
    });
  });

  it.each<[RedisServerOptions, RegExp]>([
    [{ port: 0 }, /port must be an integer from 1 to 65535, got 0/],
    [{ port: 65_536 }, /port/],
    [{ startTimeoutMs: 99 }, /startTimeoutMs must be an integer from 100 to 600000/],
    [{ binary: '' }, /binary must be a non-empty string/],
    [{ args: [5] as unknown as string[] }, /args must be a non-empty string/],
    [{ prot: 1 } as RedisServerOptions, /startRedisServer has no option 'prot'/],
  ])('throws INVALID_OPTION for %j', async (options, message) => {
    await expect(startRedisServer(options)).rejects.toThrow(message);
  });
});

describe('RedisServer and the process that started it', () => {
  let compiled: CompiledPackage;

  beforeAll(async () => {
    compiled = await CompiledPackage.create('esm');
  });

  afterAll(() => compiled.remove());

  it.each<[string, string, NodeJS.Signals | undefined]>([
    ['is killed', '', 'SIGKILL'],
    ['is terminated', '', 'SIGTERM'],
    ['exits without close()', 'process.exit(0)', undefined],
    ['crashes', "throw new Error('crash')", undefined],
  ])('ends when that process %s', async (_, ending, signal) => {
    const child = await compiled.run(`
      import { startRedisServer } from './index.js';
      const { port } = await startRedisServer();
      process.stdin.once('data', () => { ${ending} });
      process.stdout.write(port + '\\n');
    `);
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const watcher = await RawClient.connect(Number(port));
    expect(await watcher.roundTrip(['PING'])).toBe('+PONG\r\n');
    const config = await watcher.roundTrip(['CONFIG', 'GET', 'dir']);
    const [directory = ''] = /\/\S*entraid-emulator-redis-\w+/.exec(config) ?? [];
    expect(existsSync(directory)).toBe(true);
    const removed = removalOf(directory);
    if (signal === undefined) child.stdin.write('end\n');
    else child.kill(signal);
    await watcher.closed;
    await removed;
  });
});
