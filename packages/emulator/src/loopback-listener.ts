import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { EmulatorError } from './emulator-error.js';

const MAX_PORT_TRIES = 20;

/**
 * A server on one port of both loopback addresses (127.0.0.1, and ::1 where the machine has it), so that `localhost`
 * reaches it whichever address it resolves to. Can be taken down and brought back on the same port.
 */
export class LoopbackListener {
  readonly port: number;
  readonly #createServer: () => Server;
  readonly #sockets = new Set<Socket>();
  #servers: Server[] = [];
  #closed = false;
  #lastChange: Promise<void> = Promise.resolve();

  /** Listens on `port`, or on a free one for 0. Rejects with `PORT_UNAVAILABLE` when the port asked for is taken. */
  static async listen(createServer: () => Server, port: number): Promise<LoopbackListener> {
    for (let tries = 1; ; tries += 1) {
      const candidate = port === 0 ? await freePort(createServer) : port;
      const listener = new LoopbackListener(createServer, candidate);
      try {
        await listener.resume();
        return listener;
      } catch (error) {
        if (port !== 0 || tries === MAX_PORT_TRIES) throw error;
      }
    }
  }

  private constructor(createServer: () => Server, port: number) {
    this.#createServer = createServer;
    this.port = port;
  }

  get listening(): boolean {
    return this.#servers.length > 0;
  }

  /** Refuses new connections and cuts the open ones. Idempotent. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop());
  }

  /** {@link LoopbackListener.stop} for good. Idempotent. */
  close(): Promise<void> {
    this.#closed = true;
    return this.stop();
  }

  /**
   * Listens on the same port again. Idempotent. Rejects with `CLOSED` after `close()`, and with `PORT_UNAVAILABLE` when
   * the port was taken meanwhile.
   */
  resume(): Promise<void> {
    return this.#inTurn(() => this.#resume());
  }

  /** One change at a time, in the order they were asked for. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => undefined);
    return done;
  }

  async #stop(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    const closed = servers.map((server) => once(server, 'close'));
    for (const server of servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }

  async #resume(): Promise<void> {
    if (this.#closed) throw new EmulatorError('CLOSED', 'the emulator is closed');
    if (this.listening) return;
    const servers: Server[] = [];
    this.#servers = servers;
    try {
      servers.push(await this.#start('127.0.0.1'));
      const ipv6 = await this.#start('::1').catch(ignoreMissingIpv6);
      if (ipv6 !== undefined) servers.push(ipv6);
    } catch (error) {
      await this.#stop();
      throw new EmulatorError('PORT_UNAVAILABLE', `port ${this.port} of the loopback address is not free`, {
        cause: error,
      });
    }
  }

  async #start(host: string): Promise<Server> {
    const server = this.#createServer();
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.listen({ host, port: this.port, ipv6Only: true });
    await once(server, 'listening');
    return server;
  }
}

/** A port that was free on 127.0.0.1 a moment ago. */
export async function freePort(createServer: () => Server): Promise<number> {
  const server = createServer();
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string')
    throw new TypeError('a TCP server has an address with a port');
  return address.port;
}

function ignoreMissingIpv6(error: unknown): undefined {
  const code = (error as { code?: unknown }).code;
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return undefined;
  throw error;
}
