import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type RedisServer, startRedisServer } from '@entraid/emulator';

/** One AUTH, or HELLO with credentials, as the gate saw it. */
export interface SignIn {
  /** 1 for the first connection, then counting. */
  readonly connection: number;
  readonly command: 'AUTH' | 'HELLO';
  readonly username: string;
  readonly password: string;
  readonly accepted: boolean;
}

export interface TokenGateOptions {
  /** The one Redis user that may sign in. */
  readonly username: string;
  /** Judges a password. */
  accepts(password: string, username: string): boolean;
}

interface Command {
  readonly arguments: Buffer[];
  readonly end: number;
}

/** The server's own password of the user: nobody but the gate knows it. */
const SERVER_PASSWORD = 'known-to-the-gate-alone';

/**
 * A real `redis-server` behind a gate that judges passwords by a rule of the test, as a cloud does with its tokens: what
 * the rule accepts becomes the server's own password, what it refuses a wrong one. All other bytes pass as they are.
 */
export class TokenGate extends EventEmitter<{ signIn: [SignIn] }> {
  readonly signIns: SignIn[] = [];
  readonly #options: TokenGateOptions;
  readonly #server: RedisServer;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  static async start(options: TokenGateOptions): Promise<TokenGate> {
    const { username } = options;
    const user = ['--user', username, 'on', `>${SERVER_PASSWORD}`, '~*', '&*', '+@all'];
    const others = username === 'default' ? [] : ['--user', 'default', 'off'];
    const gate = new TokenGate(options, await startRedisServer({ args: [...user, ...others] }));
    gate.#listener.listen(0, '127.0.0.1');
    await once(gate.#listener, 'listening');
    return gate;
  }

  private constructor(options: TokenGateOptions, server: RedisServer) {
    super();
    this.#options = options;
    this.#server = server;
    this.#listener = createServer((socket) => this.#admit(socket));
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  /** How many connections were ever made. */
  get connections(): number {
    return this.#connections;
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, 'close');
    await this.#server.close();
  }

  #admit(client: Socket): void {
    const connection = ++this.#connections;
    const upstream = connect(this.#server.port, this.#server.host);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    upstream.pipe(client);
    let received = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let command = takeCommand(received); command !== undefined; command = takeCommand(received)) {
        const bytes = received.subarray(0, command.end);
        received = received.subarray(command.end);
        upstream.write(this.#judge(command.arguments, connection) ?? bytes);
      }
    });
  }

  /** The bytes to send instead, if the command signs in. */
  #judge(words: readonly Buffer[], connection: number): Buffer | undefined {
    const command = String(words[0]).toUpperCase();
    const at =
      command === 'AUTH' ? 0 : words.findIndex((word, index) => index > 1 && /^auth$/i.test(String(word)));
    if ((command !== 'AUTH' && command !== 'HELLO') || at < 0) return undefined;
    const username = String(words[at + 1]);
    const password = String(words[at + 2]);
    const accepted = username === this.#options.username && this.#options.accepts(password, username);
    const signIn = { connection, command, username, password, accepted } as const;
    this.signIns.push(signIn);
    this.emit('signIn', signIn);
    return encode(words.with(at + 2, Buffer.from(accepted ? SERVER_PASSWORD : 'wrong')));
  }
}

/** The first command of `bytes`, if it is complete: an array of bulk strings (redis.io/docs/reference/protocol-spec). */
function takeCommand(bytes: Buffer): Command | undefined {
  let at = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const text = bytes.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  const count = line();
  if (count === undefined) return undefined;
  const words: Buffer[] = [];
  while (words.length < Number(count.slice(1))) {
    const length = line();
    if (length === undefined) return undefined;
    const end = at + Number(length.slice(1));
    if (bytes.length < end + 2) return undefined;
    words.push(bytes.subarray(at, end));
    at = end + 2;
  }
  return { arguments: words, end: at };
}

function encode(words: readonly Buffer[]): Buffer {
  const parts = words.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}
