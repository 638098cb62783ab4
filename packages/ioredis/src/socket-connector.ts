import { createConnection, type NetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RedisOptions } from 'ioredis';
import type { Stream } from './ioredis-internals.js';

/**
 * Opens one TCP, TLS or Unix socket with the options that ioredis's own StandaloneConnector reads (6.0.0: path, or host,
 * port and family; everything in `tls`). That class is not exported.
 */
export class SocketConnector {
  firstError: Error | undefined;
  stream: Stream | undefined;
  readonly #options: RedisOptions;

  constructor(options: RedisOptions) {
    this.#options = options;
  }

  check(): boolean {
    return true;
  }

  connect(): Promise<Stream> {
    const { path, host, port, family, tls } = this.#options;
    const address = path ? { path } : definedOnly({ host, port, family });
    const stream = tls ? connectTls({ ...address, ...tls }) : createConnection(address as NetConnectOpts);
    stream.once('error', (error: Error) => {
      this.firstError = error;
    });
    this.stream = stream;
    return Promise.resolve(stream);
  }

  /** Ends the connection and destroys it after `disconnectTimeout` if the server does not answer. */
  disconnect(): void {
    const { stream } = this;
    if (stream === undefined) return;
    const timer = setTimeout(() => stream.destroy(), this.#options.disconnectTimeout);
    timer.unref();
    stream.once('close', () => clearTimeout(timer));
    stream.end();
  }
}

function definedOnly(address: Record<string, unknown>): object {
  return Object.fromEntries(
    Object.entries(address).filter(([, value]) => value !== undefined && value !== null),
  );
}
