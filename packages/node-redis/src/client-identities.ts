import { AsyncLocalStorage } from 'node:async_hooks';
import { type Channel, channel } from 'node:diagnostics_channel';

/** Which client a handshake belongs to. */
export interface ClientIdentity {
  /** The client's own id, unique in the process: `host:port/database-random`. */
  readonly clientId: string;
  /** Names its connection in errors and events; starts with host and port, or the path of a Unix socket. */
  readonly connectionId: string;
}

/** What the asynchronous context knows. */
interface Context<Connection> {
  readonly identity: ClientIdentity | undefined;
  disposed?: Connection | undefined;
}

/**
 * The `start` of the client's TracingChannel for `connect()`. Source: @redis/client 6.3.1, dist/lib/client/tracing.js;
 * published since 5.12.
 */
const CONNECT_START = 'tracing:node-redis:connect:start';

/** Takes what an abandoned instance left behind off the process-wide channel, which would keep it for ever. */
const abandoned = new FinalizationRegistry<() => void>((release) => release());

/**
 * Tells which client a handshake is made for. The client's hook does not say, but `connect()` and all that follows from
 * it, reconnects included, runs in an asynchronous context of its own, and a channel says whose.
 */
export class ClientIdentities<Connection> {
  readonly #context = new AsyncLocalStorage<Context<Connection>>();
  readonly #release: () => void;

  constructor() {
    const context = this.#context;
    const start = channel(CONNECT_START) as Channel<Context<Connection>, unknown>;
    start.bindStore(context, (message) => ({ identity: identityOf(message) }));
    this.#release = () => {
      start.unbindStore(context);
      context.disable();
    };
    abandoned.register(this, this.#release, this);
  }

  /** The client whose `connect()` led here; `undefined` when none did, or when it is older than 5.12. */
  current(): ClientIdentity | undefined {
    return this.#context.getStore()?.identity;
  }

  /**
   * Sets right whose connection is being replaced, for what the current turn does from here on and starts. Needed when a
   * failed write broke the connection: Node emits that error in the context of whoever wrote.
   */
  enter(identity: ClientIdentity): void {
    if (this.current() !== identity) this.#context.enterWith({ identity });
  }

  /** Remembers whose subscription its client has just disposed of, for what runs without an `await` or callback between. */
  setDisposed(connection: Connection): void {
    const context: Context<Connection> = { identity: this.current(), disposed: connection };
    this.#context.enterWith(context);
    // Whatever this turn starts inherits the context, and finds that gone.
    queueMicrotask(() => {
      context.disposed = undefined;
    });
  }

  /** What {@link setDisposed} remembers. */
  get disposed(): Connection | undefined {
    return this.#context.getStore()?.disposed;
  }

  /** Forgets it: it answers one question. */
  clearDisposed(): void {
    const context = this.#context.getStore();
    if (context !== undefined) context.disposed = undefined;
  }

  /** Leaves the channel. Idempotent. */
  release(): void {
    abandoned.unregister(this);
    this.#release();
  }
}

/** Runs inside the client's `connect()`: must not throw, whatever is published. */
function identityOf(message: unknown): ClientIdentity | undefined {
  const { clientId, serverAddress, serverPort } = (message ?? {}) as Record<string, unknown>;
  if (typeof clientId !== 'string') return undefined;
  const port = typeof serverPort === 'number' ? `:${serverPort}` : '';
  // The client's own id says `unknown` for what its options leave to a default.
  const suffix = clientId.slice(clientId.lastIndexOf('/') + 1);
  return { clientId, connectionId: `${String(serverAddress)}${port}/${suffix}` };
}
