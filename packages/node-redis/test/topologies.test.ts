import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, startRedisServer } from '@entraid/emulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient, createCluster, createSentinel } from 'redis';
import type { EntraIdError } from '../src/index.js';
import { AT_ONCE, type Client, Fixture, rotate } from './fixture.js';

let fixture: Fixture;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  fixture = await Fixture.start();
});
afterEach(async () => {
  fixture.endTest();
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(() => fixture.close());

/** A server that takes any token of the emulator's identity, and counts. */
interface Node {
  readonly port: number;
  readonly admin: Client;
  /** AUTH commands so far, those inside HELLO not counted. */
  auths(): Promise<number>;
  kill(): Promise<unknown>;
}

async function startNode(args: readonly string[] = []): Promise<Node> {
  const server: RedisServer = await startRedisServer({ args });
  closing.push(() => server.close());
  const admin = createClient({ socket: { port: server.port } });
  admin.on('error', () => {});
  await admin.connect();
  closing.push(() => admin.destroy());
  const user = fixture.emulator.identity.objectId;
  await admin.aclSetUser(user, ['on', 'nopass', '~*', '&*', '+@all']);
  return {
    port: server.port,
    admin: admin as unknown as Client,
    auths: async () => {
      const stats = await admin.info('commandstats');
      return Number(/^cmdstat_auth:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
    },
    kill: () => admin.sendCommand(['CLIENT', 'KILL', 'USER', user]),
  };
}

/** Resolves when `holds` does; for states of servers that nothing tells of. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Resolves when `count` clients have become ready. */
function readyConnections(count: number): Promise<void> {
  let left = count;
  return new Promise((resolve) => {
    const onReady = (): void => {
      left--;
      if (left > 0) return;
      queueMicrotask(() => unsubscribe('node-redis:connection:ready', onReady));
      resolve();
    };
    subscribe('node-redis:connection:ready', onReady);
  });
}

describe('a cluster', () => {
  it('[row o] has 1 AUTH per connection and rotation, before and after reconnects; a refusal names its node', async () => {
    const nodes = await Promise.all([0, 1, 2].map(() => startNode(['--cluster-enabled', 'yes'])));
    const [first, , third] = nodes as [Node, Node, Node];
    const slots = [0, 5461, 10923, 16384];
    for (const [index, { admin }] of nodes.entries()) {
      const range = [String(slots[index]), String((slots[index + 1] as number) - 1)];
      await admin.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', ...range]);
      await admin.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(first.port)]);
    }
    await until(async () => {
      const infos = await Promise.all(nodes.map(({ admin }) => admin.sendCommand(['CLUSTER', 'INFO'])));
      return infos.every((info) => /state:ok.*known_nodes:3/s.test(info as unknown as string));
    });

    const told: EntraIdError[] = [];
    const provider = fixture.provider({
      ...AT_ONCE,
      onReAuthenticationError: (error) => told.push(error),
    });
    const cluster = createCluster({
      rootNodes: [{ socket: { host: '127.0.0.1', port: first.port } }],
      defaults: { credentialsProvider: provider, socket: { reconnectStrategy: 20 } },
      minimizeConnections: false,
    });
    fixture.keepClient(cluster);
    await cluster.connect();
    await cluster.subscribe('news', () => {});
    const { reauthenticator } = provider.credentialsProvider;
    expect(reauthenticator.status().connections).toBe(4);

    const authsOfRotation = async (): Promise<number[]> => {
      const before = await Promise.all(nodes.map((node) => node.auths()));
      await rotate(provider);
      const after = await Promise.all(nodes.map((node) => node.auths()));
      return after.map((count, index) => count - (before[index] as number)).sort();
    };
    expect(await authsOfRotation()).toEqual([1, 1, 2]);
    for (let i = 0; i < 3; i++) {
      const ready = readyConnections(4);
      await Promise.all(nodes.map((node) => node.kill()));
      await ready;
    }
    expect(await authsOfRotation()).toEqual([1, 1, 2]);

    const user = fixture.emulator.identity.objectId;
    await third.admin.aclSetUser(user, ['off']);
    const refused = until(async () => told.length > 0);
    const rotated = rotate(provider);
    await refused;
    await third.admin.aclSetUser(user, ['on']);
    await rotated;
    for (const error of told) {
      expect(error).toMatchObject({ connectionId: expect.stringMatching(`^127.0.0.1:${third.port}/`) });
    }
    cluster.destroy();
    expect(reauthenticator.status().connections).toBe(0);
  }, 30_000);
});

describe('a sentinel', () => {
  it('[row o] has 1 AUTH per master connection and rotation, before and after a reconnect', async () => {
    const master = await startNode();
    const sentinelPort = await startSentinel(master.port);
    const provider = fixture.provider();
    const sentinel = createSentinel({
      name: 'main',
      sentinelRootNodes: [{ host: '127.0.0.1', port: sentinelPort }],
      nodeClientOptions: { credentialsProvider: provider, socket: { reconnectStrategy: 20 } },
      masterPoolSize: 2,
    });
    sentinel.on('error', () => {});
    await sentinel.connect();
    closing.push(() => sentinel.destroy());
    const { reauthenticator } = provider.credentialsProvider;
    const connections = reauthenticator.status().connections;
    expect(connections).toBeGreaterThanOrEqual(2);
    for (let reconnects = 0; reconnects < 2; reconnects++) {
      const before = await master.auths();
      await rotate(provider);
      expect((await master.auths()) - before).toBe(connections);
      const ready = readyConnections(connections);
      await master.kill();
      await ready;
    }
    await sentinel.close();
    expect(reauthenticator.status().connections).toBe(0);
  }, 30_000);
});

async function startSentinel(masterPort: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'entraid-sentinel-'));
  closing.push(() => rm(directory, { recursive: true }));
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const configuration = join(directory, 'sentinel.conf');
  await writeFile(
    configuration,
    `port ${port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${masterPort} 1\n`,
  );
  const sentinel = spawn('redis-server', [configuration, '--sentinel'], { cwd: directory });
  closing.push(async () => {
    const exited = once(sentinel, 'exit');
    sentinel.kill('SIGKILL');
    await exited;
  });
  await new Promise<void>((resolve) => {
    sentinel.stdout.on('data', (text: Buffer) => {
      if (text.includes('+monitor master main')) resolve();
    });
  });
  return port;
}
