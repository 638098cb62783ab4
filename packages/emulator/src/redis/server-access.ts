import { once } from 'node:events';
import { connect } from 'node:net';
import { EmulatorError } from '../emulator-error.js';
import { encodeCommand } from './authentication-command.js';
import { ReplyScanner } from './reply-scanner.js';

/** Where a Redis server is, and as whom to talk to it. Without `password`: as the default user. */
export interface ServerAccess {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/**
 * Runs `commands` in one connection of their own and checks that none fails. Rejects with `REDIS_SERVER_FAILED`, naming
 * the command and the server's words but no argument.
 */
export async function runOnServer(
  access: ServerAccess,
  commands: readonly (readonly string[])[],
): Promise<void> {
  const { host, port, username = 'default', password } = access;
  const all = password === undefined ? commands : [['AUTH', username, password], ...commands];
  const socket = connect({ host, port, noDelay: true });
  try {
    await once(socket, 'connect');
    socket.write(Buffer.concat(all.map((command) => encodeCommand(command))));
    const scanner = new ReplyScanner();
    let answered = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      let position = 0;
      while (position < chunk.length) {
        const { position: next, frame } = scanner.scan(chunk, position);
        position = next;
        if (frame === undefined) continue;
        if (frame.type === '-') throw failure(all[answered]?.slice(0, 2).join(' '), frame.line.slice(1));
        answered += 1;
        if (answered === all.length) return;
      }
    }
    throw failure(all[answered]?.[0], 'connection closed');
  } catch (error) {
    if (error instanceof EmulatorError) throw error;
    throw new EmulatorError('REDIS_SERVER_FAILED', `redis-server at ${host}:${port} cannot be reached`, {
      cause: error,
    });
  } finally {
    socket.destroy();
  }
}

function failure(command: string | undefined, words: string): EmulatorError {
  return new EmulatorError('REDIS_SERVER_FAILED', `redis-server refused ${command ?? 'a command'}: ${words}`);
}
