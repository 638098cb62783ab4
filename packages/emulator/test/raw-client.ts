import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A Redis connection that shows the bytes as they come; no client library in between. */
export class RawClient {
  readonly socket: Socket;
  /** Resolves when the connection is over, however it ended; to the time, epoch ms. */
  readonly closed: Promise<number>;
  #received = '';
  #wake: () => void = () => undefined;

  static async connect(port: number, tls?: { readonly ca: string }): Promise<RawClient> {
    const socket = tls
      ? connectTls({ host: '127.0.0.1', port, ca: tls.ca })
      : connect({ host: '127.0.0.1', port });
    await once(socket, tls ? 'secureConnect' : 'connect');
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve(Date.now());
        this.#wake();
      });
    });
  }

  /** Sends bytes as they are. */
  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends inline-free commands in one write. */
  send(...commands: readonly (readonly string[])[]): void {
    this.write(commands.map(command).join(''));
  }

  /** What came since the last read, up to and with `mark`; everything when the connection ends first. */
  async until(mark: string): Promise<string> {
    while (!this.#received.includes(mark) && !this.socket.destroyed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const at = this.#received.indexOf(mark);
    const end = at === -1 ? this.#received.length : at + mark.length;
    const text = this.#received.slice(0, end);
    this.#received = this.#received.slice(end);
    return text;
  }

  /**
   * Sends commands in one write, and returns the bytes of their replies. Where those end is told by one more command that
   * Redis answers at once in every state, signed in or not: an unknown one, refused by name.
   */
  async roundTrip(...commands: readonly (readonly string[])[]): Promise<string> {
    const name = `mark-${randomUUID()}`;
    const mark = `-ERR unknown command '${name}'`;
    this.send(...commands, [name]);
    const text = await this.until(mark);
    await this.until('\r\n');
    return text.replace(mark, '');
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A command as RESP. */
export function command(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg, 'latin1')}\r\n${arg}\r\n`).join('')}`;
}
