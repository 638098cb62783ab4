import { Socket } from 'node:net';
import type { CredentialsProvider } from '@entraid/core';
import type { RedisOptions } from 'ioredis';
import {
  type Connector,
  type ConnectorClass,
  createSentinelConnector,
  forgetClosedStream,
  type Stream,
} from './ioredis-internals.js';
import { markWithProvider, providerBehind } from './late-bound.js';
import { warnAboutPlaintext } from './plaintext-warning.js';
import { SocketConnector } from './socket-connector.js';

type ErrorEmitter = Parameters<Connector['connect']>[0];

/**
 * A class for ioredis's option `Connector`: it waits for a valid token before it opens a socket, then leaves the socket
 * to the application's own connector, to ioredis's sentinel connector, or to a plain one.
 */
export function createTokenConnector(
  provider: CredentialsProvider,
  Own?: ConnectorClass | null,
): ConnectorClass {
  let warned = false;
  class TokenConnector extends TokenWait {
    static readonly own: ConnectorClass | null | undefined = Own;

    constructor(options: unknown) {
      const redisOptions = options as RedisOptions;
      super(provider, Own ? new Own(options) : createPlainConnector(redisOptions));
      // A connector of the application's own may well be an encrypted tunnel.
      if (!Own && !warned) warned = warnAboutPlaintext(redisOptions);
    }
  }
  return markWithProvider(TokenConnector, provider) as unknown as ConnectorClass;
}

/** The application's own connector behind one that {@link createTokenConnector} made; any other class is its own. */
export function ownConnector(Connector: ConnectorClass | undefined): ConnectorClass | null | undefined {
  if (providerBehind(Connector) === undefined) return Connector;
  return (Connector as unknown as { own?: ConnectorClass | null }).own;
}

function createPlainConnector(options: RedisOptions): Connector {
  if (options.sentinels) return createSentinelConnector(options);
  return new SocketConnector(options) as unknown as Connector;
}

/** Longest delay of a Node.js timer; this one is there to be held, not to fire. */
const LONGEST_DELAY_MS = 2_147_483_647;

class TokenWait {
  readonly #provider: CredentialsProvider;
  readonly #sockets: Connector;
  #attempt: AbortController | undefined;
  #failure: { readonly error: Error | undefined } | undefined;

  constructor(provider: CredentialsProvider, sockets: Connector) {
    this.#provider = provider;
    this.#sockets = sockets;
  }

  /** What ioredis emits as 'error' for a stream that is destroyed when it gets it. */
  get firstError(): Error | undefined {
    return this.#failure === undefined ? this.#sockets.firstError : this.#failure.error;
  }

  check(info: unknown): boolean {
    return this.#sockets.check(info);
  }

  disconnect(): void {
    this.#attempt?.abort();
    this.#sockets.disconnect();
  }

  /**
   * A missing token resolves with a destroyed socket instead of rejecting: a rejection ends the client without asking
   * its `retryStrategy`, and one after `disconnect()` keeps it from reconnecting after its next `connect()`, too
   * (ioredis 6.0.0, Redis#_connect: `manuallyClosing` stays set).
   */
  async connect(emitError: ErrorEmitter): Promise<Stream> {
    const attempt = new AbortController();
    const { signal } = attempt;
    this.#attempt = attempt;
    this.#failure = undefined;
    if (!(await this.#waitForToken(signal))) return destroyedSocket();
    const stream = await this.#openSocket(emitError, signal);
    // Finding the server can outlast the token: a sentinel connector goes on asking for as long as none answers.
    if (this.#provider.tokenManager.currentToken() === undefined && !(await this.#waitForToken(signal)))
      stream.destroy();
    return stream;
  }

  async #waitForToken(signal: AbortSignal): Promise<boolean> {
    // As in ioredis, a client that is connecting holds the process; a renewal in the background that it joins does not.
    const alive = setInterval(() => {}, LONGEST_DELAY_MS);
    try {
      await this.#provider.tokenManager.getToken({ signal });
      if (!signal.aborted) return true;
      this.#failure = { error: undefined };
    } catch (error) {
      this.#failure = { error: signal.aborted ? undefined : (error as Error) };
    } finally {
      clearInterval(alive);
    }
    return false;
  }

  async #openSocket(emitError: ErrorEmitter, signal: AbortSignal): Promise<Stream> {
    try {
      const stream = await this.#sockets.connect(emitError);
      stream.once('close', () => forgetClosedStream(this.#sockets, stream));
      return stream;
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#failure = { error: undefined };
      return destroyedSocket();
    }
  }
}

function destroyedSocket(): Stream {
  return new Socket().destroy();
}
