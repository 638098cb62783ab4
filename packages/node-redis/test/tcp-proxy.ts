import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on the loopback address that can stop reading, and speak for the server. */
export class TcpProxy {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  static async start(serverPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(serverPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(serverPort: number) {
    this.#server = createServer((client) => {
      const upstream = connect(serverPort, '127.0.0.1');
      this.#clients.add(client);
      client
        .on('error', () => {})
        .on('close', () => {
          this.#clients.delete(client);
          upstream.destroy();
        });
      upstream.on('error', () => {}).on('close', () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Sends `text` to every client, as if it came from the server. */
  send(text: string): void {
    for (const client of this.#clients) client.write(text);
  }

  /** Reads no more from the clients connected now. */
  stall(): void {
    for (const client of this.#clients) client.unpipe().pause();
  }

  cutAll(): void {
    for (const client of this.#clients) client.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
