import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServerAccess } from '@entraid/emulator';

export const MASTER_NAME = 'main';
export const SENTINEL_PASSWORD = 'sentinels have a password of their own';

export interface Sentinel {
  readonly port: number;
  close(): Promise<void>;
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** A real sentinel, with a password, that watches `master`. */
export async function startSentinel(master: ServerAccess, port: number): Promise<Sentinel> {
  const folder = await mkdtemp(join(tmpdir(), 'entraid-sentinel-'));
  const { host, username, password } = master;
  const config = [
    `port ${port}`,
    `dir ${folder}`,
    `requirepass "${SENTINEL_PASSWORD}"`,
    `sentinel monitor ${MASTER_NAME} ${host} ${master.port} 1`,
    `sentinel auth-user ${MASTER_NAME} ${username}`,
    `sentinel auth-pass ${MASTER_NAME} ${password}`,
  ];
  await writeFile(join(folder, 'sentinel.conf'), `${config.join('\n')}\n`);
  const child = spawn('redis-server', [join(folder, 'sentinel.conf'), '--sentinel'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('+monitor master')) break;
  return {
    port,
    async close() {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
