import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EmulatorError } from '../emulator-error.js';
import { freePort } from '../loopback-listener.js';
import { checkInteger, checkKnownOptions, checkText } from '../option-checks.js';

const HOST = '127.0.0.1';
const MAX_PORT_TRIES = 10;
const MAX_LAST_LINES = 20;

/** How a real `redis-server` is started. */
export interface RedisServerOptions {
  /** Name or path of the program. Default: `redis-server`, looked up on PATH. */
  readonly binary?: string;
  /** The port, 1 to 65535. Default: a free one. */
  readonly port?: number;
  /** More arguments of `redis-server`, e.g. `['--maxmemory', '64mb']`. Default: none. */
  readonly args?: readonly string[];
  /** How long the server may take until it is ready, in ms, 100 to 600000. Default: 20000. */
  readonly startTimeoutMs?: number;
}

/**
 * Starts a real `redis-server` on the loopback address, without persistence, in a directory of its own. It ends with
 * {@link RedisServer.close}, and with this process however that ends. Linux and macOS (it needs `/bin/sh`).
 * Rejects with `INVALID_OPTION`, `REDIS_SERVER_NOT_FOUND`, or `REDIS_SERVER_FAILED` with the server's last words.
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  checkKnownOptions('startRedisServer', options, ['binary', 'port', 'args', 'startTimeoutMs']);
  const { port, args = [], startTimeoutMs = 20_000 } = options;
  if (port !== undefined) checkInteger('port', port, 1, 65_535);
  for (const arg of args) checkText('args', arg);
  checkInteger('startTimeoutMs', startTimeoutMs, 100, 600_000);
  const binary = await findProgram(checkText('binary', options.binary ?? 'redis-server'));
  for (let tries = 1; ; tries += 1) {
    const candidate = port ?? (await freePort(createServer));
    try {
      return await launch(binary, candidate, args, startTimeoutMs);
    } catch (error) {
      const portTaken = error instanceof EmulatorError && /in use/i.test(error.message);
      if (!portTaken || port !== undefined || tries === MAX_PORT_TRIES) throw error;
    }
  }
}

/** A running `redis-server`. Started by {@link startRedisServer}. */
export class RedisServer implements AsyncDisposable {
  readonly host: string = HOST;
  readonly port: number;
  /** Process id of the server. */
  readonly pid: number;
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<void>;
  readonly #supervisor: ChildProcess;

  /** @internal */
  constructor(supervisor: ChildProcess, port: number, pid: number, exited: Promise<void>) {
    this.#supervisor = supervisor;
    this.port = port;
    this.pid = pid;
    this.exited = exited;
  }

  /** Kills the server and waits for its end. Idempotent. */
  async close(): Promise<void> {
    this.#supervisor.stdin?.end();
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Runs the server until its own standard input ends, which is when this process closes it or is gone, killed or not.
 * $0 is the server's directory, "$@" its command line. Background jobs of a shell read from /dev/null, hence descriptor 3;
 * and what a shell says about a killed job would end it by SIGPIPE once nobody reads it, hence the exec in the middle.
 */
const SUPERVISOR_SCRIPT = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
exec >/dev/null 2>&1
{ read -r _ <&3; kill -KILL "$server"; } &
watch=$!
wait "$server"
status=$?
kill "$watch"
rm -rf "$0"
exit "$status"
`;

async function launch(
  binary: string,
  port: number,
  args: readonly string[],
  startTimeoutMs: number,
): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'entraid-emulator-redis-'));
  const settings = [
    '--port',
    String(port),
    '--bind',
    HOST,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const supervisor = spawn('/bin/sh', ['-c', SUPERVISOR_SCRIPT, directory, binary, ...settings, ...args], {
    // A session of its own, so that Ctrl-C in a terminal reaches the server only through this process.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(supervisor, 'exit').then(
    () => undefined,
    (error: unknown) => {
      throw new EmulatorError('REDIS_SERVER_FAILED', '/bin/sh, which runs redis-server, cannot be started', {
        cause: error,
      });
    },
  );
  const { pid, lastLines } = watchOutput(supervisor);
  const deadline = setTimeout(() => supervisor.stdin?.end(), startTimeoutMs);
  try {
    const serverPid = await Promise.race([pid, exited]);
    if (serverPid !== undefined) return new RedisServer(supervisor, port, serverPid, exited);
  } finally {
    clearTimeout(deadline);
  }
  throw new EmulatorError(
    'REDIS_SERVER_FAILED',
    `redis-server was not ready within ${startTimeoutMs} ms, or ended before: ${lastLines().join(' | ')}`,
  );
}

/** Follows the server's log: its process id once it is ready, and its last lines should it fail. */
function watchOutput(supervisor: ChildProcess): {
  readonly pid: Promise<number>;
  readonly lastLines: () => readonly string[];
} {
  const lines: string[] = [];
  const { stdin, stdout, stderr } = supervisor;
  if (stdin === null || stdout === null || stderr === null)
    throw new TypeError('the supervisor has no pipes');
  // The server may be gone before the pipe is closed; that is what `exited` is for.
  stdin.on('error', () => undefined);
  const keep = (line: string): void => {
    lines.push(line.trim());
    if (lines.length > MAX_LAST_LINES) lines.shift();
  };
  createInterface({ input: stderr }).on('line', keep);
  const pid = new Promise<number>((resolve) => {
    let serverPid = 0;
    createInterface({ input: stdout }).on('line', (line) => {
      keep(line);
      serverPid = Number(/\bpid=(\d+)/.exec(line)?.[1] ?? serverPid);
      if (line.includes('Ready to accept connections')) resolve(serverPid);
    });
  });
  return { pid, lastLines: () => lines };
}

/** Full path of a program on PATH. */
async function findProgram(name: string): Promise<string> {
  const candidates = name.includes('/')
    ? [name]
    : (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, name));
  for (const candidate of candidates) {
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable) return candidate;
  }
  throw new EmulatorError(
    'REDIS_SERVER_NOT_FOUND',
    `${name} was not found${name.includes('/') ? '' : ' on PATH'}; install it with 'apt-get install redis-server' ` +
      "(Debian, Ubuntu), 'brew install redis' (macOS) or from redis.io, or name another with the option 'binary'",
  );
}
